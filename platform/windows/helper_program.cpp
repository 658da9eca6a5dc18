#include "procession/platform/windows/helper_program.hpp"

#include "procession/platform/windows/system.hpp"

namespace procession::windows {

std::string helper_program(std::string_view name) {
  auto path = beside_own_program(name);
  if (::GetFileAttributesW(to_wide_path(path).c_str())
      != INVALID_FILE_ATTRIBUTES)
    return path;
  return std::string{PROCESSION_BINDIR "/"}.append(name);
}

} // namespace procession::windows
