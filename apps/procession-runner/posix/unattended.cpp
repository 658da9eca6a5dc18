#include "../unattended.hpp"

namespace procession {

void be_unattended() noexcept {
  // POSIX systems show no such windows.
}

} // namespace procession
