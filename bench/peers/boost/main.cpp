// The items with Boost.Process v2 and Boost.Asio: coroutines on one thread. The
// arguments are those of bench/limit/measured.hpp.
#include "../../common/holdings.hpp"
#include "../../common/items.hpp"
#include "../../common/machine.hpp"
#include "../../common/phase.hpp"
#include "process.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace procession::bench {

namespace {

constexpr std::size_t buffer_size = 256 * 1024;

/// Runs coroutines until all of them have ended.
class loop {
public:
  void add(asio::awaitable<void> what) {
    asio::co_spawn(context_, std::move(what), [this](std::exception_ptr x) {
      if (x && !error_)
        error_ = x;
    });
  }

  void run() {
    context_.run();
    context_.restart();
    if (error_)
      std::rethrow_exception(error_);
  }

  asio::io_context& context() noexcept {
    return context_;
  }

private:
  asio::io_context context_{1};
  std::exception_ptr error_;
};

asio::awaitable<void> read_flood(asio::io_context& context, wiring how,
                                 words command, std::uint64_t bytes) {
  process source{context, how, command};
  std::vector<char> buffer(buffer_size);
  std::uint64_t got = 0;
  while (auto n = co_await source.read_some(buffer))
    got += n;
  co_await source.expect_success();
  expect_bytes(got, bytes);
}

void flood(arguments& args) {
  auto how = args.word() == "pty" ? wiring::terminal : wiring::no_input;
  auto bytes = args.number();
  auto command = args.command();
  loop all;
  phase measured;
  all.add(read_flood(all.context(), how, command, bytes));
  all.run();
  measured.stop();
  print_flow(measured, bytes);
}

asio::awaitable<void> feed_sink(asio::io_context& context, words command,
                                std::uint64_t bytes, std::size_t size) {
  process sink{context, wiring::pipes, command};
  std::vector<char> block(size, 'x');
  for (auto left = bytes; left > 0;) {
    auto n = std::min<std::uint64_t>(left, block.size());
    co_await sink.write(block.data(), n);
    left -= n;
  }
  sink.close_input();
  std::vector<char> answer(64);
  answer.resize(co_await sink.read_some(answer));
  co_await sink.expect_success();
  expect_bytes(std::stoull(std::string{answer.begin(), answer.end()}), bytes);
}

void feed(arguments& args) {
  auto bytes = args.number();
  auto block = args.number();
  auto command = args.command();
  loop all;
  phase measured;
  all.add(feed_sink(all.context(), command, bytes, block));
  all.run();
  measured.stop();
  print_flow(measured, bytes);
}

asio::awaitable<void> send_echoes(process& other, std::size_t count,
                                  std::size_t size,
                                  std::vector<double>* times) {
  std::vector<char> message(size, 'x');
  for (auto i = count; i > 0; --i) {
    stopwatch time;
    co_await other.write(message.data(), size);
    co_await other.read_all(message.data(), size);
    if (times != nullptr)
      times->push_back(time.seconds());
  }
}

asio::awaitable<void> wait_until_ready(process& other) {
  char ready = 0;
  co_await other.read_all(&ready, 1);
}

void echo(arguments& args) {
  auto how = args.word() == "pty" ? wiring::terminal : wiring::pipes;
  auto size = args.number();
  auto count = args.number();
  loop all;
  process other{all.context(), how, args.command()};
  all.add(wait_until_ready(other));
  all.run();
  all.add(send_echoes(other, warm_up_echoes, size, nullptr));
  all.run();
  std::vector<double> times;
  times.reserve(count);
  phase measured;
  all.add(send_echoes(other, count, size, &times));
  all.run();
  measured.stop();
  other.kill();
  print_times(std::move(times));
  measured.print(static_cast<double>(count));
}

asio::awaitable<void> read_line(process& shell) {
  std::vector<char> buffer(4096);
  for (std::size_t n = 0; std::find(buffer.begin(), buffer.begin() + n, '\n')
                          == buffer.begin() + n;)
    if ((n = co_await shell.read_some(buffer)) == 0)
      throw std::runtime_error{"a shell ended early"};
}

asio::awaitable<void> ask(process& shell, std::string text) {
  auto line = "echo " + text + "\n";
  co_await shell.write(line.data(), line.size());
  co_await read_line(shell);
}

asio::awaitable<void> make_ready(process& shell) {
  co_await read_line(shell);
  co_await ask(shell, "ready");
}

asio::awaitable<void> ask_often(process& shell, std::size_t echoes,
                                std::vector<double>& times) {
  for (std::size_t i = 0; i < echoes; ++i) {
    stopwatch time;
    co_await ask(shell, "done-" + std::to_string(i));
    times.push_back(time.seconds());
  }
}

void agent(arguments& args) {
  auto count = args.number();
  auto echoes = args.number();
  auto command = args.command();
  loop all;
  std::vector<std::unique_ptr<process>> shells;
  while (shells.size() < count)
    shells.push_back(
      std::make_unique<process>(all.context(), wiring::terminal, command));
  for (auto& shell : shells)
    all.add(make_ready(*shell));
  all.run();
  std::vector<double> times;
  times.reserve(count * echoes);
  phase measured;
  for (auto& shell : shells)
    all.add(ask_often(*shell, echoes, times));
  all.run();
  measured.stop();
  for (auto& shell : shells)
    shell->kill();
  print_times(std::move(times));
  measured.print(static_cast<double>(count * echoes));
}

asio::awaitable<void> run_to_end(asio::io_context& context,
                                 const words& command) {
  process child{context, wiring::no_input, command};
  std::vector<char> buffer(4096);
  while (co_await child.read_some(buffer) > 0) {
    // nop
  }
  co_await child.expect_success();
}

asio::awaitable<void> run_many(asio::io_context& context, const words& command,
                               std::uint64_t& left) {
  while (left > 0) {
    --left;
    co_await run_to_end(context, command);
  }
}

void spawn(arguments& args) {
  auto at_once = args.number();
  auto live = args.number();
  std::vector<char> ballast(args.number() << 20, 'x');
  auto count = args.number();
  auto command = args.command();
  loop all;
  std::vector<std::unique_ptr<process>> others;
  while (others.size() < live)
    others.push_back(std::make_unique<process>(
      all.context(), wiring::no_input, words{"/bin/sleep", "infinity"}));
  all.add(run_to_end(all.context(), command));
  all.run();
  auto left = count;
  phase measured;
  for (auto i = std::min(count, at_once); i > 0; --i)
    all.add(run_many(all.context(), command, left));
  all.run();
  measured.stop();
  print_rate(measured, count);
}

void idle(arguments& args) {
  auto count = args.number();
  auto command = args.command();
  loop all;
  std::vector<std::unique_ptr<process>> children;
  children.reserve(count + 1);
  auto start = [&] {
    children.push_back(
      std::make_unique<process>(all.context(), wiring::pipes, command));
  };
  start();
  holdings cost;
  phase measured;
  for (auto i = count; i > 0; --i)
    start();
  measured.stop();
  cost.print(count);
  measured.print(static_cast<double>(count));
}

} // namespace

} // namespace procession::bench

int main(int argc, char** argv) {
  using namespace procession::bench;
  prepare_process();
  return measure({{"flood", flood},
                  {"feed", feed},
                  {"echo", echo},
                  {"agent", agent},
                  {"spawn", spawn},
                  {"idle", idle}},
                 {argv + 1, argv + argc});
}
