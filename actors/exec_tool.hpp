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

/// How long one kind of request waits.
struct wait_limits {
  /// The default, for requests that do not ask for a time.
  caf::timespan normal;
  /// The upper limit; longer waits are shortened to it.
  caf::timespan max;
};

/// Options of an exec tool; the defaults suit a language model.
struct exec_tool_options {
  /// The program and arguments that precede a script.
  std::vector<std::string> shell = default_shell();
  /// Variables that are added to the environment that a child inherits. The
  /// defaults ask for output that suits a program, not a person. Variables of
  /// the request take precedence. On a terminal, TERM is xterm-256color.
  /// Language and encoding stay as the user has set them.
  std::map<std::string, std::string> env{{"TERM", "dumb"},
                                         {"NO_COLOR", "1"},
                                         {"PAGER", "cat"},
                                         {"GIT_PAGER", "cat"}};
  /// How sessions are asked to end, and then killed. The times are short:
  /// shells on a terminal ignore the request, and agents do not wait for long.
  kill_policy kill{std::chrono::seconds{2}, std::chrono::seconds{2}};
  /// Prefix of the ids that the tool assigns. Tools that share a spawner need
  /// different prefixes.
  std::string id_prefix = "exec-";
  /// The maximum number of sessions that are not closed. Another one is refused
  /// (`session_limit`).
  std::size_t max_sessions = 64;
  /// The maximum number of closed sessions with unread output; beyond it, the
  /// session that closed first is forgotten.
  std::size_t max_unread = 64;
  /// How long a closed session with unread output is kept.
  caf::timespan unread_for = std::chrono::minutes{10};
  /// Unread output that is kept for each session, in bytes: one half from its
  /// beginning, one half from its end. This is also the upper limit of the text
  /// in an answer.
  std::size_t buffer = 1024 * 1024;
  /// Bytes of text in an answer, unless the request says otherwise.
  std::uint64_t max_output = 40'000;
  /// How long a request waits after starting a command, after input, and in a
  /// poll.
  wait_limits first{std::chrono::seconds{10}, std::chrono::seconds{30}};
  wait_limits write{std::chrono::milliseconds{250}, std::chrono::seconds{30}};
  wait_limits poll{std::chrono::seconds{5}, std::chrono::minutes{5}};
};

/// Creates an exec tool (messages/exec_tool.hpp) whose sessions are spawned by
/// `where`: on this machine, in a runner or on another node. It ends when its
/// last handle is gone, or when it receives an exit message. Its sessions end
/// with it, and waiting requests fail with `runtime_stopped`.
exec_tool make_exec_tool(caf::actor_system& sys, spawner where,
                         exec_tool_options options = {});

} // namespace procession
