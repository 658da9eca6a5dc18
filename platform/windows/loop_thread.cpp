#include "procession/io/reactor/loop.hpp"

#include "procession/platform/windows/system.hpp"

namespace procession {

namespace {

/// From processthreadsapi.h (Windows 10 1607); mingw-w64 lacks it.
using set_description = HRESULT WINAPI(HANDLE thread, PCWSTR text);

void name_this_thread(const std::string& name) {
  auto* set = windows::system_function<set_description>("SetThreadDescription");
  if (set != nullptr)
    set(::GetCurrentThread(), windows::to_wide_path(name).c_str());
}

} // namespace

// There are no signals to block here: console events come on a thread of the
// system.
std::thread loop::make_thread() {
  return std::thread{[this] {
    name_this_thread(name_);
    run();
  }};
}

} // namespace procession
