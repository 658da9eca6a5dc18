#include "common/first_process.hpp"

namespace procession {

bool leave_first_process() {
  // Nothing of the kind exists.
  return true;
}

} // namespace procession
