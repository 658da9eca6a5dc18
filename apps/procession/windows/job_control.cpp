#include "../job_control.hpp"

namespace procession::cli {

// Windows has no job control.

bool can_be_suspended() {
  return false;
}

bool in_foreground() {
  return true;
}

bool wait_for_foreground() {
  return false;
}

} // namespace procession::cli
