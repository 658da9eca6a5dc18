#include "procession/platform/posix/edge_watch.hpp"

#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"

#include <catch2/catch.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>

using namespace procession;
using namespace procession::posix;

namespace {

constexpr auto patience = std::chrono::seconds{30};

/// A watch on a pipe whose wake-ups a test counts.
class watched_pipe {
public:
  watched_pipe() {
    std::error_code ec;
    pipe_ = make_pipe(ec);
    REQUIRE_FALSE(ec);
    on_reactor([this] {
      watch_.emplace(reactor_);
      watch_->add(pipe_.read.get(), EPOLLIN);
      await();
    });
  }

  ~watched_pipe() {
    on_reactor([this] { watch_.reset(); });
  }

  void write() {
    REQUIRE(::write(pipe_.write.get(), "x", 1) == 1);
  }

  /// Waits for the next wake-up.
  void next() {
    std::unique_lock guard{mutex_};
    REQUIRE(changed_.wait_for(guard, patience, [this] { return count_ > 0; }));
    --count_;
  }

  /// Returns the number of wake-ups that were not waited for, once the reactor
  /// has done all its present work.
  int left() {
    for (auto i = 0; i < 100; ++i)
      on_reactor([] {});
    std::lock_guard guard{mutex_};
    return count_;
  }

private:
  template <class F>
  void on_reactor(F f) {
    std::promise<void> done;
    reactor_.post([&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

  void await() {
    watch_->wait([this] {
      {
        std::lock_guard guard{mutex_};
        ++count_;
        changed_.notify_all();
      }
      await();
    });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
  pipe_ends pipe_;
  loop reactor_{"test"};
  std::optional<edge_watch> watch_;
};

} // namespace

TEST_CASE("each wake-up of a descriptor counts once, though it stays ready",
          "[reactor]") {
  watched_pipe pipe;
  CHECK(pipe.left() == 0);
  for (auto i = 0; i < 3; ++i) {
    pipe.write();
    pipe.next();
    CHECK(pipe.left() == 0);
  }
}

TEST_CASE("a wake-up is looked for without a descriptor to wait for it",
          "[reactor]") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  std::optional<edge_watch> watch;
  std::promise<void> looked;
  loop reactor{"test"};
  // Asio opens its own descriptors with the first timer.
  boost::asio::steady_timer first{reactor.context()};
  rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  reactor.post([&] {
    watch.emplace(reactor);
    watch->add(0, EPOLLIN);
    watch->wait([&] { looked.set_value(); });
  });
  CHECK(looked.get_future().wait_for(patience) == std::future_status::ready);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  // Its timer belongs to the reactor.
  reactor.stop();
  watch.reset();
}

TEST_CASE("a process ends when its tracer lets go of it", "[ending]") {
  config cfg;
  runtime rt;
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  // The process is traced by its child, which reports its end, waits, and then
  // takes the status or ends without taking it.
  auto how = GENERATE("reap", "end");
  command spec;
  spec.program = "python3";
  spec.args = {"-c",
               "import ctypes, os, select, sys, time\n"
               "r, w = os.pipe()\n"
               "leader = os.getpid()\n"
               "if os.fork():\n"
               "  os.read(r, 1)\n"
               "  os._exit(3)\n"
               "os.setsid()\n"
               "seize = 0x4206\n"
               "if ctypes.CDLL(None).ptrace(seize, leader, 0, 0): os._exit(1)\n"
               "fd = os.pidfd_open(leader)\n"
               "os.write(w, b'x')\n"
               "select.select([fd], [], [])\n"
               "time.sleep(.5)\n"
               "os.write(1, b'held')\n"
               "if sys.argv[1] == 'reap': os.waitpid(leader, 0x40000000)\n",
               how};
  spec.stdio = pipes();
  auto result = run(self, sessions, spec);
  REQUIRE(result);
  CHECK(result->out == "held");
  CHECK(result->status.code == 3);
}
