#pragma once

#include "procession/messages/expected.hpp"

#include <string>

namespace procession::windows {

/// The security identifier of our user, as text (S-1-5-21-...).
expected<std::string> own_user_sid();

/// The name of our user, without its domain, in UTF-8; empty if it cannot be
/// read.
std::string own_user_name();

} // namespace procession::windows
