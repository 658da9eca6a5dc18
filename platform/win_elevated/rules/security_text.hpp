#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Access lists in the security descriptor definition language. Users are
/// security identifiers as text (S-1-5-21-...).
namespace procession::windows {

/// All rights for `owner`, the system and the administrators, no rights for
/// other users, and nothing inherited.
std::string private_security(std::string_view owner);

/// The same for a directory, and for its content.
std::string private_directory_security(std::string_view owner);

/// All rights for each of `users` and the system, on objects that they create.
std::string default_security(const std::vector<std::string>& users);

} // namespace procession::windows
