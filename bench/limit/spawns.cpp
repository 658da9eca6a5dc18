#include "../common/holdings.hpp"
#include "../common/phase.hpp"
#include "child.hpp"
#include "measured.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace procession::bench {

namespace {

using command_words = std::vector<std::string>;

const command_words sleeping = {"/bin/sleep", "infinity"};

void run_to_end(const command_words& command) {
  child process{wiring::no_input, command};
  process.drain();
  process.expect_success();
}

/// Runs children, some at a time, as a program with one loop would.
class spawn_loop {
public:
  explicit spawn_loop(const command_words& command)
    : command_(command), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    // nop
  }

  void run(std::uint64_t count, std::uint64_t at_once) {
    to_start_ = count;
    for (auto i = std::min(count, at_once); i > 0; --i)
      start();
    epoll_event events[64];
    while (running_ > 0) {
      auto n = ::epoll_wait(poll_.get(), events, 64, -1);
      for (auto i = 0; i < n; ++i)
        take(static_cast<stream*>(events[i].data.ptr));
    }
  }

private:
  struct job;

  struct stream {
    job* owner = nullptr;
    int fd = -1;
  };

  struct job {
    explicit job(const command_words& command)
      : process(wiring::no_input, command) {
      // nop
    }

    child process;
    stream streams[2] = {{this, process.out()}, {this, process.err()}};
    int open = 2;
  };

  void start() {
    --to_start_;
    ++running_;
    // Ends in `take`.
    auto* added = new job{command_};
    for (auto& x : added->streams) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &x;
      ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, x.fd, &event);
    }
  }

  void take(stream* from) {
    char buffer[4096];
    if (::read(from->fd, buffer, sizeof(buffer)) > 0)
      return;
    ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, from->fd, nullptr);
    if (--from->owner->open > 0)
      return;
    std::unique_ptr<job> done{from->owner};
    done->process.expect_success();
    --running_;
    if (to_start_ > 0)
      start();
  }

  const command_words& command_;
  descriptor poll_;
  std::uint64_t to_start_ = 0;
  std::uint64_t running_ = 0;
};

} // namespace

void spawn(arguments& args) {
  auto at_once = args.number();
  auto live = args.number();
  std::vector<char> ballast(args.number() << 20, 'x');
  auto count = args.number();
  auto command = args.command();
  std::vector<child> others;
  others.reserve(live);
  while (others.size() < live)
    others.emplace_back(wiring::no_input, sleeping);
  run_to_end(command);
  phase measured;
  if (at_once > 1)
    spawn_loop{command}.run(count, at_once);
  else
    for (auto i = count; i > 0; --i)
      run_to_end(command);
  measured.stop();
  print_rate(measured, count);
}

void idle(arguments& args) {
  auto count = args.number();
  auto command = args.command();
  std::vector<child> children;
  children.reserve(count);
  holdings cost;
  phase measured;
  while (children.size() < count)
    children.emplace_back(wiring::pipes, command);
  measured.stop();
  cost.print(count);
  measured.print(static_cast<double>(count));
}

} // namespace procession::bench
