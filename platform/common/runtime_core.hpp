#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/platform/child.hpp"

#include <chrono>
#include <future>
#include <mutex>
#include <utility>

namespace procession {

/// The half of `runtime::impl` that is the same on every platform: it admits
/// starts, and ends everything at the end. `Host` is the state that the
/// processes of the platform share, with its two threads; it outlives the
/// runtime while a process is left.
template <class Host>
class runtime_core {
public:
  Host host;

  /// Runs `start(sink)` on the launcher, unless the runtime was stopped: then
  /// `sink` gets that failure. From any thread.
  template <class Start>
  void admit(child_sink sink, Start start) {
    std::unique_lock guard{mutex_};
    if (stopped_) {
      guard.unlock();
      sink(child_start_failed{
        {errc::runtime_stopped, {stage::admit, 0, "the runtime has ended"}}});
      return;
    }
    host.launcher.post(
      [start = std::move(start), sink = std::move(sink)]() mutable {
        start(std::move(sink));
      });
  }

  /// Ends all processes, then our threads.
  void stop() {
    {
      std::lock_guard guard{mutex_};
      stopped_ = true;
    }
    host.hurry();
    // After this, all starts on the launcher are done or stuck.
    run_on(host.launcher, [] {});
    end_processes();
    // The last steps of an end hop between the threads: flush both twice.
    for (auto i = 0; i < 2; ++i) {
      run_on(host.launcher, [] {});
      run_on(host.reactor, [] {});
    }
    run_on(host.launcher, [this] { host.release(); });
    host.launcher.stop();
    host.reactor.stop();
    host.close();
  }

private:
  /// Longer than the end of a tree may take.
  static constexpr auto stop_deadline = std::chrono::seconds{5};

  template <class F>
  static void run_on(loop& where, F f) {
    std::promise<void> done;
    where.post([&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

  void end_processes() {
    std::promise<void> empty;
    host.reactor.post([&] {
      for (auto& x : host.live.all())
        x->stop();
      host.live.when_empty([&] { empty.set_value(); });
    });
    empty.get_future().wait_for(stop_deadline);
    run_on(host.reactor, [this] {
      host.live.when_empty(nullptr);
      for (auto& x : host.live.all()) {
        x->give_up();
        host.live.erase(x);
      }
    });
  }

  std::mutex mutex_;
  bool stopped_ = false;
};

} // namespace procession
