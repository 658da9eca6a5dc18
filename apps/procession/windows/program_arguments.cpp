#include "../program_arguments.hpp"

#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <windows.h>

#include <shellapi.h>

#include <memory>

namespace procession::cli {

namespace {

struct local_free {
  void operator()(wchar_t** x) const noexcept {
    ::LocalFree(x);
  }
};

} // namespace

std::vector<std::string> program_arguments(int, char**) {
  auto n = 0;
  std::unique_ptr<wchar_t*, local_free> words{
    ::CommandLineToArgvW(::GetCommandLineW(), &n)};
  std::vector<std::string> result;
  for (auto i = 1; words != nullptr && i < n; ++i)
    result.push_back(windows::to_utf8(windows::from_wide(words.get()[i])));
  return result;
}

} // namespace procession::cli
