#pragma once

#include <string>
#include <string_view>

namespace procession::windows {

/// Where all pipes of this machine have their names.
inline constexpr std::string_view local_pipes = R"(\\.\pipe\)";

/// Whether `name` is that of a pipe of this machine: one of another would be
/// shown who we are, and a file would be no channel.
bool is_local_pipe_name(std::string_view name);

/// The users that may use a runner's pipe, in the security descriptor
/// definition language: it belongs to `owner`, inherits nothing, and lets in
/// two users, to read and to write, but not to make more pipes of that name.
/// Both may be the same.
/// @param owner, runner security identifiers as text (S-1-5-21-...).
std::string pipe_security(std::string_view owner, std::string_view runner);

} // namespace procession::windows
