#include "procession/io/loop.hpp"

#include "procession/platform/windows/system.hpp"

namespace procession {

namespace {

/// As in processthreadsapi.h (Windows 10 1607), which mingw-w64 has not.
using set_description = HRESULT WINAPI(HANDLE thread, PCWSTR text);

void name_this_thread(const std::string& name) {
  auto* set = windows::system_function<set_description>("SetThreadDescription");
  if (set != nullptr)
    set(::GetCurrentThread(), windows::to_wide_path(name).c_str());
}

} // namespace

// There are no signals to block here: console events come on a thread of the
// system's own.
loop::loop(const std::string& name) : work_(context_.get_executor()) {
  thread_ = std::thread{[this, name] {
    name_this_thread(name);
    context_.run();
  }};
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
