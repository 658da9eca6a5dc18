#include "common/first_process.hpp"

namespace procession {

bool leave_first_process() {
  // Windows has no such process.
  return true;
}

} // namespace procession
