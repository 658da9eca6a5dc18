#include "procession/platform/default_shell.hpp"

namespace procession {

std::vector<std::string> default_shell() {
  return {"sh", "-c"};
}

} // namespace procession
