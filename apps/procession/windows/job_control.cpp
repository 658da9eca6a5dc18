#include "../job_control.hpp"

namespace procession::cli {

// Nothing of the kind exists.

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
