#pragma once

#include "procession/io/pattern_watch.hpp"
#include "procession/messages/caf.hpp"
#include "procession/messages/session.hpp"

#include <caf/actor_addr.hpp>
#include <caf/fwd.hpp>
#include <caf/timespan.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace procession {

/// The result of an `expect`.
struct expect_result {
  /// Index of the pattern that matched; empty if the output ended without a
  /// match.
  std::optional<std::size_t> pattern;
  /// The stream in which it matched.
  stream_kind stream = stream_kind::out;
  /// The text that matched.
  std::string text;
  /// Output of that stream between the previous match and this one. At the end
  /// of the output: all remaining output, standard output first. If the window
  /// does not hold all of it, its last part.
  std::string before;
};

/// Looks for patterns in both streams of a session, each by itself. Output up
/// to the end of a match does not match again in the same stream.
class expect_buffer {
public:
  /// @param window as in `pattern_watch`.
  explicit expect_buffer(std::size_t window = pattern_watch::default_window);

  /// Replaces the patterns; several may be looked for at a time.
  /// @returns an error if there are none, or if one is invalid.
  std::optional<failure> look_for(const std::vector<pattern>& patterns);

  /// Appends output to its stream. Call `find` after each call.
  void append(const output& x);
  /// Counts lost output. No match crosses the gap.
  void lose(const gap& x);

  /// Returns the next match, if there is one, or an error if an expression
  /// takes too many steps.
  expected<std::optional<expect_result>> find();

  /// Returns the result at the end of the output: the remaining output.
  expect_result end();

private:
  pattern_watch& of(stream_kind stream);

  std::array<pattern_watch, 2> watches_;
};

/// A request to an `expecter`.
struct expect_request {
  /// At least one pattern; all are looked for at the same time. The match that
  /// begins first wins; of several at one place, the first pattern wins.
  std::vector<pattern> patterns;
  /// How long to wait; `max_timespan` means without a limit.
  caf::timespan timeout = std::chrono::seconds{30};
};

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_expect, 3060)
  PROCESSION_LOCAL(procession_expect, procession::expect_result)
  PROCESSION_LOCAL(procession_expect, procession::expect_request)
  CAF_ADD_ATOM(procession_expect, procession, expect_atom, "expect")
PROCESSION_END_LOCAL(procession_expect)

namespace procession {

/// An actor that waits for texts in the output of a session, for other actors.
/// It subscribes to the session without loss and acknowledges output as soon as
/// it was searched. Between requests it takes no more output than its window,
/// after which the session is held back. It must run in the same operating
/// system process as the actors that ask it.
using expecter = typed_actor<
  /// Answered with the first match, or at the end of the output. Errors:
  /// `deadline_passed` (no output is lost: the next request searches the same
  /// output again, as far as the window holds it), `invalid_argument` (a bad
  /// pattern, or an expression that takes too many steps), `busy` (another
  /// request waits already), `no_such_session`.
  caf::result<expect_result>(expect_atom, expect_request)>;

/// Creates an expecter for the output of `source`.
///
///     auto chat = make_expecter(self->system(), shell, self->address());
///     self->request(chat, caf::infinite, expect_atom_v,
///                   expect_request{{{"$ "}, {"# "}}, 10s})
///       .then([=](const expect_result& x) { std::cout << x.before; });
///
/// @param owner the expecter ends with this actor. After the end of the
///        session, it also ends with its last handle.
/// @param window bytes of each stream that are searched; see `pattern_watch`.
expecter make_expecter(caf::actor_system& sys, session source,
                       caf::actor_addr owner,
                       std::size_t window = pattern_watch::default_window);

} // namespace procession
