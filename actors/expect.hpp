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
  /// Index of the pattern that matched; empty: the output ended without one.
  std::optional<std::size_t> pattern;
  /// Where it matched.
  stream_kind stream = stream_kind::out;
  /// The text that matched.
  std::string text;
  /// Output of that stream before the match, from where the last one ended. At
  /// the end of the output: all that is left, standard output first. Of more
  /// than the window holds it is the last part.
  std::string before;
};

/// Looks for patterns in both streams of a session, each by itself. What
/// matched, or was before a match in the same stream, does not match again.
class expect_buffer {
public:
  /// @param window as in `pattern_watch`.
  explicit expect_buffer(std::size_t window = pattern_watch::default_window);

  /// Replaces the patterns, several of which may be looked for at a time.
  /// @returns what is wrong with them.
  std::optional<failure> look_for(const std::vector<pattern>& patterns);

  void append(const output& x);
  void lose(const gap& x);

  /// The first match, if there is one. Call it after each `append`.
  expected<std::optional<expect_result>> find();

  /// The result at the end of the output: what is left.
  expect_result end();

private:
  pattern_watch& of(stream_kind stream);

  std::array<pattern_watch, 2> watches_;
};

/// A request to an `expecter`.
struct expect_request {
  /// One at least, looked for at the same time. The match that begins first
  /// wins, then the pattern that stands first.
  std::vector<pattern> patterns;
  /// How long to wait (`max_timespan`: as long as it takes).
  caf::timespan timeout = std::chrono::seconds{30};
};

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_expect, 3060)
  PROCESSION_LOCAL(procession_expect, procession::expect_result)
  PROCESSION_LOCAL(procession_expect, procession::expect_request)
  CAF_ADD_ATOM(procession_expect, procession, expect_atom, "expect")
PROCESSION_END_LOCAL(procession_expect)

namespace procession {

/// Waits for texts in the output of a session, for actors: it subscribes to the
/// session without loss and acknowledges by itself what it has looked at. While
/// nothing is expected, it takes no more than its window, and then the session
/// waits. It lives in the process of those who ask it.
using expecter = typed_actor<
  /// Answered with the first match, or at the end of the output. Errors:
  /// `deadline_passed` (nothing is lost: the next request looks at the same
  /// output again, as far as the window holds it), `invalid_argument` (a bad
  /// pattern, or an expression that takes too many steps), `busy` (one request
  /// at a time), `no_such_session`.
  caf::result<expect_result>(expect_atom, expect_request)>;

/// Makes an expecter.
///
///     auto chat = make_expecter(self->system(), shell, self->address());
///     self->request(chat, caf::infinite, expect_atom_v,
///                   expect_request{{{"$ "}, {"# "}}, 10s})
///       .then([=](const expect_result& x) { std::cout << x.before; });
///
/// @param owner the actor with which it ends; after the end of the session it
///        ends with the last handle to it.
/// @param window bytes of each stream that are searched; see `pattern_watch`.
expecter make_expecter(caf::actor_system& sys, session source,
                       caf::actor_addr owner,
                       std::size_t window = pattern_watch::default_window);

} // namespace procession
