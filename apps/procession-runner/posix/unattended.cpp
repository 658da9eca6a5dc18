#include "../unattended.hpp"

namespace procession {

void be_unattended() noexcept {
  // Nothing of the kind exists.
}

} // namespace procession
