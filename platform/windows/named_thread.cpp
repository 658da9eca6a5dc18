#include "procession/io/reactor/named_thread.hpp"

#include "procession/platform/windows/system.hpp"

#include <utility>

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
std::thread named_thread(std::string name, std::function<void()> f) {
  return std::thread{[name = std::move(name), f = std::move(f)] {
    name_this_thread(name);
    f();
  }};
}

} // namespace procession
