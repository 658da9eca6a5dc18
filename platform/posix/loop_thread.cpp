#include "procession/io/loop.hpp"

#include <csignal>
#include <pthread.h>

namespace procession {

namespace {

/// Blocks every signal for the calling thread while it lives; threads made
/// meanwhile inherit that.
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

loop::loop(const std::string& name) : work_(context_.get_executor()) {
  all_signals_blocked guard;
  thread_ = std::thread{[this] { context_.run(); }};
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

loop::~loop() {
  stop();
}

void loop::stop() {
  if (!thread_.joinable())
    return;
  work_.reset();
  context_.stop();
  thread_.join();
}

} // namespace procession
