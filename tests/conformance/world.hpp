#pragma once

#include "../texts.hpp"
#include "backend.hpp"

#include "procession/actors/actor_system.hpp"
#include "procession/actors/run.hpp"
#include "procession/messages/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace procession::test {

/// Longer than any expected event takes; a test that reaches it has failed.
inline constexpr auto patience = std::chrono::seconds{30};

inline constexpr auto four_mib = std::size_t{4} << 20;

/// Returns a shell command.
command shell(std::string script, stdio_spec stdio = pipes());

/// Returns the helper program `actor` with these words
/// (tests/helpers/actor/main.cpp); the same on every platform.
command actor(std::vector<std::string> words, stdio_spec stdio = pipes());

/// Returns the text that a terminal showed, without control sequences.
std::string without_sequences(const std::string& text);

/// Returns a program with arguments.
command program(std::string name, std::vector<std::string> args = {},
                stdio_spec stdio = pipes());

/// An actor system with one backend in it.
class world {
public:
  explicit world(const backend_entry& where);
  ~world();

  /// Starts a session that belongs to this world's own actor.
  session spawn(command spec);

  /// Returns why `spec` is not started; fails the test if it is.
  caf::error refusal(command spec);

  /// Runs a command to its end; fails the test if that does not work.
  run_result run(command spec, shared_bytes input = {});

  /// Sends a request and waits for the answer.
  template <class Result, class... Ts>
  caf::expected<Result> ask(const session& to, Ts&&... xs) {
    caf::expected<Result> result{caf::sec::request_timeout};
    self->request(to, patience, std::forward<Ts>(xs)...)
      .receive([&](Result& x) { result = std::move(x); },
               [&](caf::error& x) { result = std::move(x); });
    return result;
  }

  /// The same for a request without a result; an empty error means success.
  template <class... Ts>
  caf::error tell(const session& to, Ts&&... xs) {
    caf::error result;
    self->request(to, patience, std::forward<Ts>(xs)...)
      .receive([] {}, [&](caf::error& x) { result = std::move(x); });
    return result;
  }

  session_info info(const session& of);

private:
  std::unique_ptr<backend> backend_;
  config config_;

public:
  actor_system sys;
  spawner where;
  /// Optional so that a test can let the owner of its sessions go.
  std::optional<caf::scoped_actor> owner;
  caf::scoped_actor& self;
};

/// A subscriber that checks the rules for every subscriber: sequence numbers
/// without holes, offsets without gaps but the announced ones, nothing after
/// `closed`.
class listener {
public:
  listener(world& w, session to, subscription terms = {});

  /// Receives until `done` returns true. @returns false if patience ends first.
  bool until(const std::function<bool()>& done);

  bool until_output(const std::string& text);
  bool until_exited();
  bool until_closed();

  /// Receives to the end and acknowledges late: each output only when the next
  /// is waited for.
  bool until_closed_slowly();

  /// Returns whether no event came for that time.
  bool quiet_for(std::chrono::milliseconds time);

  /// Acknowledges all bytes that are not acknowledged yet.
  void acknowledge();

  std::string out;
  std::string err;
  std::vector<gap> gaps;
  /// The signals that stopped the process; 0 each time it continued.
  std::vector<std::int32_t> stops;
  std::optional<exit_status> status;
  std::optional<started> begin;
  std::optional<closed> end;
  /// Whether each output is acknowledged at once.
  bool acknowledging = true;
  std::uint64_t unacknowledged = 0;

private:
  bool receive_one(std::chrono::milliseconds within);
  void check_seq(std::uint64_t seq);

  session session_;
  caf::scoped_actor self_;
  std::uint64_t last_seq_ = 0;
  cursor at_;
};

/// Checks that a session that has ended tells that status for ever: to its
/// subscriber, and to later requests.
void check_kept(world& w, const session& hdl, listener& events,
                const exit_status& status);

/// Checks that a session without a subscriber, whose program wrote four
/// mebibytes, has kept the last one.
void check_tail(world& w, const session& hdl);

// The part that differs between platforms.

/// Returns the path of a helper program, which stands beside the test.
std::string helper_path(const std::string& name);

/// Returns the path of an existing file that is not a program; nor is its
/// directory.
std::string data_file();

std::int64_t own_pid();

/// Returns whether a process of that number exists and is not a zombie.
bool process_lives(std::int64_t pid);

/// Waits until the process is gone.
bool process_gone(std::int64_t pid);

/// Ends a process at once. @returns whether that worked.
bool kill_process(std::int64_t pid);

/// Features that an imitation of a platform may lack.
enum class limitation {
  resize,
  interrupt_key,
  close_event,
  break_event,
  /// A process may ignore a request to end.
  ignored_request,
  pipe_access,
  restricting_sids,
  percent_sign,
  processor_time,
  peak_memory,
  closed_stream,
};

/// Returns why a feature is missing here; empty if it works.
std::optional<std::string> not_shown_here(limitation what);

} // namespace procession::test

/// Ends the test case as skipped, and counted as such (tests/CMakeLists.txt),
/// if this machine lacks a feature that it needs.
#define PROCESSION_NEEDS(what)                                                 \
  if (auto why = ::procession::test::not_shown_here(                           \
        ::procession::test::limitation::what)) {                               \
    WARN("skipped here: " << *why);                                            \
    return;                                                                    \
  }                                                                            \
  static_assert(true)
