#include "procession/io/reactor/loop.hpp"

#include <csignal>
#include <pthread.h>

namespace procession {

namespace {

/// Blocks every signal for the calling thread while it lives; threads that are
/// created meanwhile inherit that.
class all_signals_blocked {
public:
  all_signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }

  ~all_signals_blocked() {
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

private:
  sigset_t before_;
};

} // namespace

std::thread loop::make_thread() {
  all_signals_blocked guard;
  auto result = std::thread{[this] { run(); }};
  pthread_setname_np(result.native_handle(), name_.c_str());
  return result;
}

} // namespace procession
