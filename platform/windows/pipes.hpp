#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/windows/handle.hpp"

namespace procession::windows {

/// Both ends of a pipe. Ours is overlapped, as the reactor needs it; theirs is
/// not, as every program expects of its standard streams.
struct pipe_ends {
  unique_handle ours;
  unique_handle theirs;
};

enum class pipe_direction { from_child, to_child };

/// How much a pipe holds, in bytes.
inline constexpr DWORD pipe_size = 64 * 1024;

/// Makes a pipe, one way. It is a named one, as anonymous ones cannot be
/// overlapped; the name is random, admits one client, and we are that before
/// this returns.
/// @param inheritable whether a child can be handed their end.
expected<pipe_ends> make_pipe(pipe_direction direction, bool inheritable);

/// The null device for reading, inheritable.
expected<unique_handle> open_null();

} // namespace procession::windows
