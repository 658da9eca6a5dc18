#include "procession/platform/default_shell.hpp"

namespace procession {

std::vector<std::string> default_shell() {
  return {"powershell.exe", "-NoLogo", "-NoProfile", "-NonInteractive",
          "-Command"};
}

} // namespace procession
