#include "procession/io/reactor/named_thread.hpp"

#include "procession/platform/posix/signals_blocked.hpp"

#include <pthread.h>

#include <utility>

namespace procession {

std::thread named_thread(std::string name, std::function<void()> f) {
  // The new thread inherits the mask.
  posix::signals_blocked guard;
  auto result = std::thread{std::move(f)};
  pthread_setname_np(result.native_handle(), name.c_str());
  return result;
}

} // namespace procession
