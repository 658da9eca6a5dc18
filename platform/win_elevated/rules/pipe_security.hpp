#pragma once

#include <string>
#include <string_view>

namespace procession::windows {

/// The prefix of the names of all pipes of this machine.
inline constexpr std::string_view local_pipes = R"(\\.\pipe\)";

/// Whether `name` is that of a pipe of this machine: a pipe of another machine
/// would learn our identity, and a file is not a channel.
bool is_local_pipe_name(std::string_view name);

/// The access to a runner's pipe, in the security descriptor definition
/// language: it belongs to `owner`, inherits nothing, and admits two users, to
/// read and to write, but not to create more pipes of that name. Both may be
/// the same.
/// @param owner, runner security identifiers as text (S-1-5-21-...).
std::string pipe_security(std::string_view owner, std::string_view runner);

} // namespace procession::windows
