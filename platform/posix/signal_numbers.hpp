#pragma once

#include "procession/messages/session.hpp"

namespace procession::posix {

/// Returns the number that the system has for a signal (signal(7)).
int number_of(signal_name name);

} // namespace procession::posix
