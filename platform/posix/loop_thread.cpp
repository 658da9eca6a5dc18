#include "procession/io/reactor/loop.hpp"
#include "procession/platform/posix/signals_blocked.hpp"

#include <pthread.h>

namespace procession {

std::thread loop::make_thread() {
  // The new thread inherits the mask.
  posix::signals_blocked guard;
  auto result = std::thread{[this] { run(); }};
  pthread_setname_np(result.native_handle(), name_.c_str());
  return result;
}

} // namespace procession
