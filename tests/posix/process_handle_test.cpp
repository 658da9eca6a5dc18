#include "procession/actors/process_handle.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"
#include "procession/platform/posix/fd.hpp"
#include "procession/platform/runtime.hpp"

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include <poll.h>

#include <chrono>
#include <string>
#include <thread>

using namespace procession;
using namespace std::chrono_literals;

namespace {

constexpr auto soon = 20s;

struct fixture {
  runtime rt;
  config cfg;
  caf::actor_system sys{cfg};
  spawner where = make_spawner(sys, rt);

  spawned_process sh(std::string script) {
    return take(spawn_pipe_process(where, {.program = "sh",
                                           .args = {"-c", std::move(script)}}));
  }

  template <class T>
  static T take(caf::expected<T> x) {
    if (!x)
      FAIL(describe(x.error()));
    return std::move(*x);
  }

  static std::string read_all(process_output& from) {
    std::string result;
    while (auto x = take(from.next(soon)))
      result += x->bytes.text();
    return result;
  }

  static std::string read_line(process_output& from) {
    std::string result;
    while (result.find('\n') == std::string::npos) {
      auto x = take(from.next(soon));
      if (!x)
        break;
      result += x->bytes.text();
    }
    return result;
  }

  /// Returns a descriptor that becomes readable when the process has ended.
  static posix::unique_fd watch(process_handle& x) {
    std::error_code ec;
    return posix::open_pidfd(static_cast<pid_t>(take(x.info()).pid), ec);
  }

  static bool ends(const posix::unique_fd& pidfd) {
    pollfd what{pidfd.get(), POLLIN, 0};
    return ::poll(&what, 1, 20000) == 1;
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a handle writes to a process and reads from it",
                 "[client][input]") {
  auto x = take(spawn_pipe_process(where, {.program = "cat"}));
  CHECK(take(x.process.write("hello\n")) == 6);
  CHECK(read_line(x.output) == "hello\n");
  CHECK_FALSE(x.process.has_exited());
  CHECK_FALSE(x.process.exit_code());
  CHECK(x.process.close_stdin());
  CHECK(x.process.close_stdin());
  CHECK(read_all(x.output).empty());
  CHECK(x.output.ended());
  CHECK(x.output.complete());
  CHECK(success(x.output.status()));
  CHECK(x.process.has_exited());
  CHECK(x.process.exit_code() == 0u);
  auto late = x.process.write("more");
  REQUIRE_FALSE(late);
  CHECK(is(late.error(), errc::already_exited));
}

TEST_CASE_METHOD(fixture, "output is labelled, and combined on demand",
                 "[client][output]") {
  auto script = "echo one; echo two >&2; exit 4";
  auto x = sh(script);
  std::string out;
  std::string err;
  while (auto chunk = take(x.output.next(soon)))
    (chunk->stream == stream_kind::out ? out : err) += chunk->bytes.text();
  CHECK(out == "one\n");
  CHECK(err == "two\n");
  CHECK(take(x.process.wait(soon)).code == 4);
  auto y = sh("echo one; read go; echo two >&2");
  auto both = combine_output(std::move(y.output));
  std::string text{take(both.next(soon))->text()};
  CHECK(text == "one\n");
  CHECK(y.process.write("go\n"));
  while (auto bytes = take(both.next(soon)))
    text += bytes->text();
  CHECK(text == "one\ntwo\n");
}

TEST_CASE_METHOD(fixture, "reading gives up in time and loses nothing",
                 "[client][output]") {
  auto x = sh("read go; echo done");
  auto none = x.output.next(1ms);
  REQUIRE_FALSE(none);
  CHECK(is(none.error(), errc::deadline_passed));
  auto early = x.process.wait(1ms);
  REQUIRE_FALSE(early);
  CHECK(is(early.error(), errc::deadline_passed));
  CHECK(x.process.write("go\n"));
  CHECK(read_all(x.output) == "done\n");
}

TEST_CASE_METHOD(fixture, "megabytes pass through a handle both ways",
                 "[client][output]") {
  auto x = take(spawn_pipe_process(where, {.program = "cat"}));
  auto data = std::string(4 << 20, '\0');
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<char>(i * 31 >> 8);
  auto written = std::uint64_t{0};
  std::thread writer{[&] {
    if (auto n = x.process.write(shared_bytes{std::string_view{data}}))
      written = *n;
    x.process.close_stdin();
  }};
  auto result = read_all(x.output);
  writer.join();
  CHECK(written == data.size());
  CHECK((result == data));
}

TEST_CASE_METHOD(fixture, "a process on a terminal is resized and ended by EOF",
                 "[client][terminal]") {
  CHECK(conpty_supported());
  auto x = take(spawn_pty_process(
    where,
    {.program = "sh",
     .args = {"-c", "stty -echo; stty size; read go; stty size; cat"}},
    {31, 101}));
  CHECK(read_line(x.output) == "31 101\r\n");
  CHECK(x.process.resize({32, 102}));
  CHECK(x.process.write("go\n"));
  CHECK(read_line(x.output) == "32 102\r\n");
  auto zero = x.process.resize({0, 10});
  REQUIRE_FALSE(zero);
  CHECK(is(zero.error(), errc::invalid_argument));
  CHECK(x.process.close_stdin());
  read_all(x.output);
  CHECK(x.process.exit_code() == 0u);
}

TEST_CASE_METHOD(fixture,
                 "a process has its directory, its name and no input as asked",
                 "[client]") {
  environment env;
  env.set["GREETING"] = "hi";
  auto x = take(spawn_pipe_process_no_stdin(
    where, {.program = "sh",
            .args = {"-c", "cat; pwd; echo $GREETING $0"},
            .argv0 = "odd",
            .cwd = "/usr",
            .env = env}));
  CHECK(read_all(x.output) == "/usr\nhi odd\n");
  auto closed = x.process.write("x");
  REQUIRE_FALSE(closed);
  auto none = x.process.resize({10, 10});
  REQUIRE_FALSE(none);
  CHECK(is(none.error(), errc::not_a_terminal));
}

TEST_CASE_METHOD(fixture, "terminate ends the process, its output stays",
                 "[client][output]") {
  auto x = sh("echo before; exec sleep 100");
  CHECK(read_line(x.output) == "before\n");
  auto status = take(x.process.terminate());
  CHECK(status.cause == exit_cause::signaled);
  CHECK(status.by_request);
  CHECK(x.process.exit_code() == 143u);
  CHECK(read_all(x.output).empty());
  // A second call gives the same.
  CHECK(take(x.process.terminate(0s)) == status);
}

TEST_CASE_METHOD(fixture, "draining goes on after request_terminate",
                 "[client][ending]") {
  auto x = sh("trap 'echo last words; exit 5' TERM; sleep 100 & echo up; wait");
  CHECK(read_line(x.output) == "up\n");
  x.process.request_terminate();
  CHECK(read_all(x.output) == "last words\n");
  CHECK(take(x.process.wait(soon)).code == 5);
}

TEST_CASE_METHOD(fixture, "a signal reaches the process", "[client][signals]") {
  auto x = sh("echo up; exec sleep 100");
  CHECK(read_line(x.output) == "up\n");
  CHECK(x.process.signal(signal_name::interrupt));
  CHECK(shell_code(take(x.process.wait(soon))) == 130);
}

TEST_CASE_METHOD(fixture, "the end of the handle is the end of the process",
                 "[client][ending]") {
  auto x = sh("echo up; exec sleep 100");
  CHECK(read_line(x.output) == "up\n");
  auto first = watch(x.process);
  SECTION("when it is destroyed") {
    {
      auto gone = std::move(x.process);
    }
    CHECK(ends(first));
    CHECK_FALSE(x.output.next(soon));
  }
  SECTION("when it is assigned another, which lives") {
    auto y = sh("echo up; read go; echo lives");
    CHECK(read_line(y.output) == "up\n");
    x.process = std::move(y.process);
    CHECK(ends(first));
    CHECK(x.process.write("go\n"));
    CHECK(read_all(y.output) == "lives\n");
  }
  SECTION("and not when it is moved") {
    auto moved = std::move(x.process);
    CHECK_FALSE(moved.has_exited());
    CHECK_FALSE(x.process.wait());
  }
}

TEST_CASE_METHOD(fixture, "a process that does not start is an error",
                 "[client][start]") {
  auto x = spawn_pipe_process(where, {.program = "no-such-program"});
  REQUIRE_FALSE(x);
  CHECK(is(x.error(), errc::program_not_found));
  auto y = spawn_pty_process(where, {.program = "sh"}, {0, 80});
  REQUIRE_FALSE(y);
  CHECK(is(y.error(), errc::invalid_argument));
}

TEST_CASE("a write is larger than the queue of its session",
          "[client][input]") {
  fixture f;
  command spec;
  spec.program = "wc";
  spec.args = {"-c"};
  spec.limits.stdin_queue = 1000;
  auto x = fixture::take(spawn_process(f.where, std::move(spec)));
  CHECK(fixture::take(x.process.write(std::string(300'000, 'x'))) == 300'000);
  REQUIRE(x.process.close_stdin());
  CHECK(fixture::read_all(x.output) == "300000\n");
}

TEST_CASE("a handle without a process fails every request", "[client]") {
  process_handle none;
  CHECK_FALSE(none.write("x"));
  CHECK_FALSE(none.wait());
  CHECK(none.has_exited());
  CHECK_FALSE(none.exit_code());
  none.request_terminate();
  process_output silent;
  CHECK_FALSE(silent.next());
}

TEST_CASE_METHOD(fixture, "output is read line by line, each stream by itself",
                 "[client][output]") {
  auto x = sh("printf 'one\\ntw'; printf 'err\\n' >&2; printf 'o\\r\\nlast'");
  line_output lines{std::move(x.output)};
  std::string out;
  std::string err;
  while (auto got = take(lines.next(soon)))
    (got->stream == stream_kind::out ? out : err)
      += got->text + (got->ends ? "|" : "...");
  CHECK(out == "one|two|last...");
  CHECK(err == "err|");
  CHECK_FALSE(take(lines.next()));
  CHECK(lines.source().ended());
}

TEST_CASE_METHOD(fixture, "a line that does not come in time is not lost",
                 "[client][output]") {
  auto x = sh("printf half; read go; echo ' and half'");
  line_output lines{std::move(x.output)};
  auto none = lines.next(1ms);
  REQUIRE_FALSE(none);
  CHECK(is(none.error(), errc::deadline_passed));
  CHECK(x.process.write("go\n"));
  CHECK(take(lines.next(soon))->text == "half and half");
}

TEST_CASE_METHOD(fixture, "steady output does not extend a deadline",
                 "[client][output]") {
  auto x = sh("exec yes");
  expect_output chat{std::move(x.output)};
  CHECK(take(chat.expect({{"y\n"}}, soon)).pattern == 0);
  for (auto timeout : {0ms, 10ms}) {
    auto got = chat.expect({{"never"}}, timeout);
    REQUIRE_FALSE(got);
    CHECK(is(got.error(), errc::deadline_passed));
  }
}

TEST_CASE_METHOD(fixture, "expected texts drive a dialogue", "[client][text]") {
  auto x = sh(
    "printf 'name: '; read name; echo \"hello $name\"; printf 'code: '"
    "; read code; echo \"got $code\" >&2; exit 3");
  expect_output chat{std::move(x.output)};
  auto got = take(chat.expect({{"password: "}, {"name: "}}, soon));
  CHECK(got.pattern == 1);
  CHECK(got.before.empty());
  CHECK(x.process.write("Ada\n"));
  got = take(chat.expect({{"[a-z]+: $", pattern::kind::regex}}, soon));
  CHECK(got.pattern == 0);
  CHECK(got.before == "hello Ada\n");
  CHECK(got.text == "code: ");
  SECTION("a text that has matched does not match again") {
    auto again = chat.expect({{"code: "}}, 1ms);
    REQUIRE_FALSE(again);
    CHECK(is(again.error(), errc::deadline_passed));
  }
  SECTION("a bad pattern is refused") {
    auto bad = chat.expect({{"(", pattern::kind::regex}}, soon);
    REQUIRE_FALSE(bad);
    CHECK(is(bad.error(), errc::invalid_argument));
    CHECK(is(chat.expect({}, soon).error(), errc::invalid_argument));
  }
  CHECK(x.process.write("7\n"));
  got = take(chat.expect({{"got 7"}}, soon));
  CHECK(got.stream == stream_kind::err);
  SECTION("the end answers with what is left") {
    got = take(chat.expect({{"never"}}, soon));
    CHECK_FALSE(got.pattern);
    CHECK(got.before == "\n");
    CHECK(take(chat.expect({{"never"}}, soon)).before.empty());
  }
}
