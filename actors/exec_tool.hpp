#pragma once

#include "procession/messages/exec_tool.hpp"
#include "procession/platform/default_shell.hpp"

#include <caf/fwd.hpp>
#include <caf/timespan.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace procession {

/// The times that one kind of request waits.
struct wait_limits {
  /// Unless it is asked otherwise.
  caf::timespan normal;
  caf::timespan max;
};

/// Choices for an exec tool; the defaults suit a language model.
struct exec_tool_options {
  /// The words before a script.
  std::vector<std::string> shell = default_shell();
  /// Variables that are added to a child's inherited environment: output for a
  /// reader that is no person. A request's own variables win, and on a terminal
  /// TERM is xterm-256color; nothing is said about language or encoding, which
  /// are the user's.
  std::map<std::string, std::string> env{{"TERM", "dumb"},
                                         {"NO_COLOR", "1"},
                                         {"PAGER", "cat"},
                                         {"GIT_PAGER", "cat"}};
  /// How a session's end is asked for and enforced. Shells on a terminal do not
  /// do what they are asked to, and agents do not wait for long.
  kill_policy kill{std::chrono::seconds{2}, std::chrono::seconds{2}};
  /// Prefix of the ids that it gives. Tools that share a spawner need one each.
  std::string id_prefix = "exec-";
  /// Sessions that are not closed. One more is refused (`session_limit`).
  std::size_t max_sessions = 64;
  /// Closed sessions that have something left to read: so many, each for so
  /// long; beyond it the one closed first goes.
  std::size_t max_unread = 64;
  caf::timespan unread_for = std::chrono::minutes{10};
  /// Bytes of unread output kept of each session, half of them the first, half
  /// the last; and the most that an answer can hold.
  std::size_t buffer = 1024 * 1024;
  /// Bytes of text in an answer, unless it is asked otherwise.
  std::uint64_t max_output = 40'000;
  /// The waits for a command, after input, and of a poll.
  wait_limits first{std::chrono::seconds{10}, std::chrono::seconds{30}};
  wait_limits write{std::chrono::milliseconds{250}, std::chrono::seconds{30}};
  wait_limits poll{std::chrono::seconds{5}, std::chrono::minutes{5}};
};

/// Makes an exec tool (messages/exec_tool.hpp) whose sessions `where` spawns,
/// be it here, in a runner or on another node. It ends when the last handle to
/// it is gone, or it is sent an exit message; its sessions end with it, and who
/// still waits is told (`runtime_stopped`).
exec_tool make_exec_tool(caf::actor_system& sys, spawner where,
                         exec_tool_options options = {});

} // namespace procession
