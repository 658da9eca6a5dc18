#include "../common/phase.hpp"
#include "child.hpp"
#include "measured.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <string>
#include <vector>

namespace procession::bench {

namespace {

double round_trip(child& other, std::vector<char>& message) {
  stopwatch time;
  other.write_all(message.data(), message.size());
  other.read_all(message.data(), message.size());
  return time.seconds();
}

/// A shell that answers one line after the other.
struct shell {
  explicit shell(const std::vector<std::string>& command)
    : process(wiring::terminal, command) {
    // nop
  }

  child process;
  std::size_t lines = 0;
  stopwatch asked;

  void ask(const std::string& text) {
    auto line = "echo " + text + "\n";
    asked = stopwatch{};
    process.write_all(line.data(), line.size());
  }
};

/// Many shells, whose answers are awaited all together.
class shells {
public:
  shells(std::size_t count, const std::vector<std::string>& command)
    : poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    all_.reserve(count);
    while (all_.size() < count) {
      auto& added = all_.emplace_back(command);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &added;
      ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, added.process.out(), &event);
    }
  }

  /// Calls `f` with each shell for each line that it writes, until `f` has
  /// returned true as often as there are shells.
  template <class F>
  void until_all(F f) {
    char buffer[4096];
    epoll_event events[64];
    for (std::size_t done = 0; done < all_.size();) {
      auto n = ::epoll_wait(poll_.get(), events, 64, -1);
      for (auto i = 0; i < n; ++i) {
        auto& one = *static_cast<shell*>(events[i].data.ptr);
        auto size = one.process.read_some(buffer, sizeof(buffer));
        auto lines = std::count(buffer, buffer + size, '\n');
        for (; lines > 0; --lines)
          done += f(one) ? 1 : 0;
      }
    }
  }

  std::vector<shell>& all() noexcept {
    return all_;
  }

private:
  descriptor poll_;
  std::vector<shell> all_;
};

} // namespace

void echo(arguments& args) {
  auto how = wiring_named(args.word());
  std::vector<char> message(args.number(), 'x');
  auto count = args.number();
  child other{how, args.command()};
  char ready = 0;
  other.read_all(&ready, 1);
  for (auto i = warm_up_echoes; i > 0; --i)
    round_trip(other, message);
  std::vector<double> times;
  times.reserve(count);
  phase measured;
  while (times.size() < count)
    times.push_back(round_trip(other, message));
  measured.stop();
  print_times(std::move(times));
  measured.print(static_cast<double>(count));
}

void agent(arguments& args) {
  auto count = args.number();
  auto echoes = args.number();
  shells agents{count, args.command()};
  // A shell writes a line before it starts, and answers one after that.
  agents.until_all([](shell& x) {
    if (++x.lines == 2)
      return true;
    x.ask("ready");
    return false;
  });
  std::vector<double> times;
  times.reserve(count * echoes);
  phase measured;
  for (auto& x : agents.all()) {
    x.lines = 0;
    x.ask("done-0");
  }
  agents.until_all([&](shell& x) {
    times.push_back(x.asked.seconds());
    if (++x.lines == echoes)
      return true;
    x.ask("done-" + std::to_string(x.lines));
    return false;
  });
  measured.stop();
  print_times(std::move(times));
  measured.print(static_cast<double>(count * echoes));
}

} // namespace procession::bench
