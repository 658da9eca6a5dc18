// Event loop: several children on one thread of Boost.Asio, without an actor.
//
// What it shows:
//   - a process as an I/O object with completion tokens, here for coroutines;
//   - it is a stream, so that Asio's own `async_read_until` and `async_write`
//     work with it, and `||` with a timer sets a deadline;
//   - only a bounded log is read ahead of the coroutine: a child waits until
//     its output is read;
//   - a process that goes out of scope is ended, with its descendants.
//
// It exits with 1 if a child did not do what it should.
#include <procession/actors/asio_process.hpp>
#include <procession/actors/host.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

using namespace std::chrono_literals;
using namespace boost::asio::experimental::awaitable_operators;
namespace asio = boost::asio;
namespace ps = procession;
using asio::use_awaitable;

namespace {

/// Returns a shell command; both outputs come as one stream.
ps::command shell(std::string script) {
  return {
    .program = "sh", .args = {"-c", std::move(script)}, .stdio = ps::merged()};
}

/// Runs a command and shows its lines. @returns how it ended.
asio::awaitable<ps::exit_status> show(ps::host& host, const char* name,
                                      const char* script) {
  ps::asio_process child{co_await asio::this_coro::executor, host.spawner()};
  auto command = shell(script);
  co_await child.async_start(command, use_awaitable);
  std::string text;
  auto buffer = asio::dynamic_buffer(text);
  boost::system::error_code ec;
  while (!ec) {
    auto n = co_await asio::async_read_until(
      child, buffer, '\n', asio::redirect_error(use_awaitable, ec));
    std::cout << name << "| " << text.substr(0, n);
    buffer.consume(n);
  }
  // The last line may lack a line end.
  std::cout << text << '\n';
  co_return co_await child.async_wait(use_awaitable);
}

/// Asks a calculator a question.
asio::awaitable<std::string> calculate(ps::host& host, const char* question) {
  ps::asio_process sh{co_await asio::this_coro::executor, host.spawner()};
  ps::command command{.program = "sh"};
  co_await sh.async_start(command, use_awaitable);
  auto line = std::string{"echo $(("} + question + "))\n";
  co_await asio::async_write(sh, asio::buffer(line), use_awaitable);
  std::string answer;
  co_await asio::async_read_until(sh, asio::dynamic_buffer(answer), '\n',
                                  use_awaitable);
  // The shell still waits for the next question; here it goes out of scope and
  // is ended.
  co_return answer;
}

asio::awaitable<void> all(ps::host& host, bool& right) {
  auto [one, two, answer] = co_await (
    show(host, "one", "for i in 1 2 3; do echo $i; done")
    && show(host, "two", "echo working; echo trouble >&2; exit 3")
    && calculate(host, "6 * 7"));
  std::cout << "one: " << to_string(one) << "\ntwo: " << to_string(two)
            << "\n6 * 7 = " << answer;
  asio::steady_timer deadline{co_await asio::this_coro::executor, 100ms};
  auto first = co_await (show(host, "slow", "sleep 1000")
                         || deadline.async_wait(use_awaitable));
  std::cout << (first.index() == 1 ? "slow was too slow\n"
                                   : "slow was quick\n");
  right = ps::success(one) && two.code == 3 && answer == "42\n"
          && first.index() == 1;
}

} // namespace

int main() {
  ps::host host;
  asio::io_context context;
  auto right = false;
  asio::co_spawn(context, all(host, right), [](std::exception_ptr x) {
    if (x)
      std::rethrow_exception(x);
  });
  context.run();
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
