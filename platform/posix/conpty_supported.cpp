#include "procession/platform/conpty_supported.hpp"

namespace procession {

bool conpty_supported() noexcept {
  return true;
}

} // namespace procession
