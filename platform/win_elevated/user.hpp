#pragma once

#include "procession/messages/error.hpp"

#include <string>
#include <variant>

namespace procession::windows {

/// The security identifier of our user, as text (S-1-5-21-...).
std::variant<std::string, failure> own_user_sid();

/// The name of our user, without its domain, in UTF-8; empty if the system does
/// not tell.
std::string own_user_name();

} // namespace procession::windows
