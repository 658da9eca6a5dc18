#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/windows/handle.hpp"

namespace procession::windows {

/// Both ends of a pipe. Ours is overlapped, for the reactor; theirs is not, as
/// every program expects of its standard streams.
struct pipe_ends {
  unique_handle ours;
  unique_handle theirs;
};

enum class pipe_direction { from_child, to_child };

/// The capacity of a pipe, in bytes.
inline constexpr DWORD pipe_size = 64 * 1024;

/// Creates a one-way pipe. It is a named one, as anonymous ones cannot be
/// overlapped; the name is random and admits one client, which we are before
/// this returns.
/// @param inheritable whether a child can inherit their end.
expected<pipe_ends> make_pipe(pipe_direction direction, bool inheritable);

/// Opens the null device for reading, inheritable.
expected<unique_handle> open_null();

} // namespace procession::windows
