#include "procession/actors/asio_process.hpp"
#include "procession/actors/host.hpp"
#include "procession/platform/posix/fd.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <catch2/catch.hpp>

#include <poll.h>

#include <array>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace procession;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using asio::use_awaitable;

struct asio_fixture {
  procession::host host;
  asio::io_context context;

  asio_process make() {
    return {context.get_executor(), host.spawner()};
  }

  /// Runs coroutines to their ends, on this thread.
  template <class... Ts>
  void run(Ts... xs) {
    (asio::co_spawn(context, std::move(xs), rethrow), ...);
    context.run();
    context.restart();
  }

  static void rethrow(std::exception_ptr x) {
    if (x)
      std::rethrow_exception(x);
  }
};

command shell_command(std::string script) {
  return {.program = "sh", .args = {"-c", std::move(script)}};
}

asio::awaitable<std::string> read_to_end(asio_process& from) {
  std::string result;
  error_code ec;
  co_await asio::async_read(from, asio::dynamic_buffer(result),
                            asio::redirect_error(use_awaitable, ec));
  CHECK(ec == asio::error::eof);
  co_return result;
}

} // namespace

TEST_CASE_METHOD(asio_fixture, "asio: one thread runs several children",
                 "[client]") {
  std::vector<std::string> results(8);
  auto here = std::this_thread::get_id();
  auto child = [&](std::size_t i) -> asio::awaitable<void> {
    auto cat = make();
    command spec{.program = "cat"};
    co_await cat.async_start(spec, use_awaitable);
    auto text = std::string(300'000, static_cast<char>('a' + i));
    asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        co_await asio::async_write(cat, asio::buffer(text), use_awaitable);
        co_await cat.async_close_stdin(use_awaitable);
      },
      rethrow);
    results[i] = co_await read_to_end(cat);
    CHECK(std::this_thread::get_id() == here);
    auto status = co_await cat.async_wait(use_awaitable);
    CHECK(success(status));
    CHECK((results[i] == text));
  };
  for (std::size_t i = 0; i < results.size(); ++i)
    asio::co_spawn(context, child(i), rethrow);
  context.run();
}

TEST_CASE_METHOD(asio_fixture,
                 "asio: Asio's own reads deliver lines and matches",
                 "[client][text]") {
  run([&]() -> asio::awaitable<void> {
    auto x = make();
    auto spec = shell_command("echo one; echo two; printf 'name: '; read n; "
                              "echo hello $n");
    co_await x.async_start(spec, use_awaitable);
    std::string text;
    auto buffer = asio::dynamic_buffer(text);
    auto n = co_await asio::async_read_until(x, buffer, '\n', use_awaitable);
    CHECK(text.substr(0, n) == "one\n");
    buffer.consume(n);
    n = co_await asio::async_read_until(x, buffer, "name: ", use_awaitable);
    CHECK(text.substr(0, n) == "two\nname: ");
    buffer.consume(n);
    co_await asio::async_write(x, asio::buffer("Ada\n", 4), use_awaitable);
    auto rest = co_await read_to_end(x);
    CHECK(rest == "hello Ada\n");
  });
}

TEST_CASE_METHOD(asio_fixture,
                 "asio: callbacks run on the context, not at once",
                 "[client]") {
  auto x = make();
  auto within = true;
  auto started = false;
  x.async_start(shell_command("echo one; echo two >&2"), [&](error_code ec) {
    CHECK_FALSE(ec);
    CHECK_FALSE(within);
    started = true;
    CHECK(x.pid() > 0);
  });
  within = false;
  context.run();
  context.restart();
  CHECK(started);
  std::string out;
  std::string err;
  std::array<char, 64> room;
  x.async_read_some(asio::buffer(room), [&](error_code ec, std::size_t n) {
    CHECK_FALSE(ec);
    out.assign(room.data(), n);
  });
  std::array<char, 2> front;
  std::array<char, 64> back;
  std::array<asio::mutable_buffer, 2> parts{asio::buffer(front),
                                            asio::buffer(back)};
  auto errors = x.error_stream();
  errors.async_read_some(parts, [&](error_code ec, std::size_t n) {
    CHECK_FALSE(ec);
    err = std::string(front.data(), 2) + std::string(back.data(), n - 2);
  });
  context.run();
  CHECK(out == "one\n");
  CHECK(err == "two\n");
}

TEST_CASE_METHOD(asio_fixture,
                 "asio: futures work with a context on another thread",
                 "[client]") {
  auto work = asio::make_work_guard(context);
  std::thread thread{[&] { context.run(); }};
  {
    auto x = make();
    x.async_start(shell_command("cat >/dev/null; exit 4"), asio::use_future)
      .get();
    CHECK(x.async_write_some(asio::buffer("abc", 3), asio::use_future).get()
          == 3);
    x.async_close_stdin(asio::use_future).get();
    CHECK(x.async_wait(asio::use_future).get().code == 4);
    auto none = make();
    auto failed = none.async_start({.program = "no-such-program"},
                                   asio::use_future);
    try {
      failed.get();
      FAIL("it did start");
    } catch (const boost::system::system_error& e) {
      CHECK(e.code() == errc::program_not_found);
      CHECK(e.code() == boost::system::errc::no_such_file_or_directory);
    }
    CHECK(none.last_failure().detail.at == stage::resolve);
  }
  work.reset();
  thread.join();
}

TEST_CASE_METHOD(asio_fixture, "asio: chunks of both outputs come in order",
                 "[client][output]") {
  run([&]() -> asio::awaitable<void> {
    auto x = make();
    auto spec = shell_command("echo a; read go; echo b >&2; read go; echo c");
    co_await x.async_start(spec, use_awaitable);
    std::string seen;
    error_code ec;
    for (;;) {
      auto chunk = co_await x.async_read_chunk(
        asio::redirect_error(use_awaitable, ec));
      if (ec)
        break;
      seen += (chunk.stream == stream_kind::out ? "o:" : "e:");
      seen += chunk.bytes.text();
      x.async_write_some(asio::buffer("go\n", 3), asio::detached);
    }
    CHECK(ec == asio::error::eof);
    CHECK(seen == "o:a\ne:b\no:c\n");
  });
}

TEST_CASE_METHOD(asio_fixture, "asio: a child waits until somebody reads",
                 "[client][output]") {
  run([&]() -> asio::awaitable<void> {
    auto x = make();
    command spec = shell_command("exec head -c 1000000 /dev/zero");
    spec.limits.retained = 4096;
    co_await x.async_start(spec, use_awaitable);
    auto info = co_await x.async_info(use_awaitable);
    while (!info.paused)
      info = co_await x.async_info(use_awaitable);
    CHECK(info.produced.out == 4096);
    std::array<char, 100> some;
    auto n = co_await asio::async_read(x, asio::buffer(some), use_awaitable);
    CHECK(n == 100);
    info = co_await x.async_info(use_awaitable);
    CHECK(info.produced.out <= 4096 + 100);
    auto rest = co_await read_to_end(x);
    CHECK(rest.size() == 1'000'000 - 100);
  });
}

TEST_CASE_METHOD(asio_fixture, "asio: a read that is cancelled loses nothing",
                 "[client][output]") {
  using namespace asio::experimental::awaitable_operators;
  run([&]() -> asio::awaitable<void> {
    auto x = make();
    auto spec = shell_command("read go; printf abc");
    co_await x.async_start(spec, use_awaitable);
    std::array<char, 64> room;
    asio::steady_timer timer{context, 1ms};
    auto first = co_await (x.async_read_some(asio::buffer(room), use_awaitable)
                           || timer.async_wait(use_awaitable));
    CHECK(first.index() == 1);
    co_await asio::async_write(x, asio::buffer("go\n", 3), use_awaitable);
    auto rest = co_await read_to_end(x);
    CHECK(rest == "abc");
  });
}

TEST_CASE_METHOD(asio_fixture, "asio: a second read of a stream is refused",
                 "[client][output]") {
  auto x = make();
  std::array<char, 8> room;
  std::vector<error_code> codes;
  x.async_start({.program = "cat"}, [&](error_code ec) {
    CHECK_FALSE(ec);
    auto done = [&](error_code why, std::size_t) { codes.push_back(why); };
    x.async_read_some(asio::buffer(room), done);
    x.async_read_some(asio::buffer(room),
                      [&, done](error_code why, std::size_t n) {
                        done(why, n);
                        x.cancel();
                      });
  });
  context.run();
  REQUIRE(codes.size() == 2);
  CHECK(codes[0] == errc::busy);
  CHECK(codes[1] == asio::error::operation_aborted);
}

TEST_CASE_METHOD(asio_fixture, "asio: requests before the start are errors",
                 "[client]") {
  auto x = make();
  error_code waited;
  x.async_wait([&](error_code ec, exit_status) { waited = ec; });
  context.run();
  context.restart();
  CHECK(waited == errc::no_such_session);
  SECTION("and reads after it bring the output") {
    std::array<char, 8> room;
    error_code early;
    x.async_read_some(asio::buffer(room),
                      [&](error_code ec, std::size_t) { early = ec; });
    context.run();
    context.restart();
    CHECK(early == errc::no_such_session);
    run([&]() -> asio::awaitable<void> {
      auto spec = shell_command("printf abc");
      co_await x.async_start(spec, use_awaitable);
      auto text = co_await read_to_end(x);
      CHECK(text == "abc");
    });
  }
}

namespace {

/// Returns a descriptor that becomes readable when the process has ended.
posix::unique_fd watch_process(std::int64_t pid) {
  std::error_code ec;
  return posix::open_pidfd(static_cast<pid_t>(pid), ec);
}

bool has_ended(const posix::unique_fd& pidfd) {
  pollfd what{pidfd.get(), POLLIN, 0};
  return ::poll(&what, 1, 20000) == 1;
}

} // namespace

TEST_CASE_METHOD(asio_fixture, "asio: the end of the object ends the tree",
                 "[client][ending]") {
  std::optional<asio_process> x{make()};
  posix::unique_fd pidfd;
  error_code waited;
  x->async_start(shell_command("sleep 1000 & wait"), [&](error_code ec) {
    CHECK_FALSE(ec);
    pidfd = watch_process(x->pid());
    x->async_wait([&](error_code why, exit_status) { waited = why; });
    x.reset();
  });
  context.run();
  CHECK(waited == asio::error::operation_aborted);
  CHECK(has_ended(pidfd));
}

TEST_CASE("asio: a context that goes takes along what waits in it",
          "[client]") {
  procession::host host;
  posix::unique_fd pidfd;
  auto gone = std::make_shared<int>();
  std::weak_ptr<int> frame = gone;
  {
    asio::io_context context;
    asio::co_spawn(
      context,
      [&, kept = std::move(gone)]() -> asio::awaitable<void> {
        asio_process x{context.get_executor(), host.spawner()};
        auto spec = shell_command("exec sleep 1000");
        co_await x.async_start(spec, use_awaitable);
        pidfd = watch_process(x.pid());
        context.stop();
        co_await x.async_wait(use_awaitable);
      },
      asio::detached);
    context.run();
    CHECK_FALSE(frame.expired());
  }
  CHECK(frame.expired());
  CHECK(has_ended(pidfd));
}

TEST_CASE_METHOD(asio_fixture, "asio: a process is ended with a grace",
                 "[client][ending]") {
  run([&]() -> asio::awaitable<void> {
    auto x = make();
    auto spec = shell_command("trap 'echo bye; exit 5' TERM; echo up; "
                              "sleep 1000 & wait");
    co_await x.async_start(spec, use_awaitable);
    std::string text;
    co_await asio::async_read_until(x, asio::dynamic_buffer(text), '\n',
                                    use_awaitable);
    auto status = co_await x.async_terminate(use_awaitable);
    CHECK(status.code == 5);
    CHECK(status.by_request);
    auto rest = co_await read_to_end(x);
    CHECK(rest == "bye\n");
  });
}

TEST_CASE_METHOD(asio_fixture, "asio: a process runs on a terminal",
                 "[client][terminal]") {
  run([&]() -> asio::awaitable<void> {
    auto x = make();
    command spec = shell_command("stty -echo; stty size; read go; stty size");
    spec.stdio = pty({31, 101});
    co_await x.async_start(spec, use_awaitable);
    std::string text;
    auto n = co_await asio::async_read_until(x, asio::dynamic_buffer(text),
                                             "\r\n", use_awaitable);
    CHECK(text.substr(0, n) == "31 101\r\n");
    co_await x.async_resize({32, 102}, use_awaitable);
    co_await asio::async_write(x, asio::buffer("go\n", 3), use_awaitable);
    auto rest = co_await read_to_end(x);
    CHECK(rest == "32 102\r\n");
  });
}
