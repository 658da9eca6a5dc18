#pragma once

#include "procession/actors/common/actor_timer.hpp"
#include "procession/actors/common/waiters.hpp"
#include "procession/actors/supervision/child_report.hpp"
#include "procession/actors/supervision/event_feed.hpp"
#include "procession/actors/supervision/restart_policy.hpp"
#include "procession/io/reactor/deadlines.hpp"
#include "procession/messages/caf.hpp"
#include "procession/messages/supervisor.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace procession {

/// The state that a supervisor shares with its children. It outlives them.
struct supervision_context {
  explicit supervision_context(supervisor_impl::pointer x) : self(x), feed(x) {
    // nop
  }

  supervisor_impl::pointer self;
  event_feed feed;
  actor_timer timer;
  /// The end of a child's current state, by the number of the child: a
  /// deadline, or the end of a back-off.
  deadlines<std::uint64_t> due;

  /// Sets the end of a state, and the timer for it.
  void expect(std::uint64_t number, caf::timespan after);
};

/// The next step for a child that was told to end, once it has ended.
enum class child_intent {
  /// It was not told to end.
  none,
  /// It did not get ready, so its start has failed.
  fail,
  /// Start it again at once.
  restart,
  /// Start it again when its turn comes.
  wait,
  /// Keep it stopped.
  stay,
  /// Remove it.
  forget,
};

/// One child of a supervisor: an actor that is monitored and is stopped by an
/// exit message, and the requests that wait for it. A child that is a session
/// also sends reports. The supervisor decides when to start a child again, and
/// in which order.
class supervised_child {
public:
  using time_point = caf::actor_clock::time_point;
  using intent = child_intent;
  using event = supervisor_event_kind;

  /// The end of its actor.
  struct ending {
    child_state state;
    intent then;
    /// Whether its reason counts as success.
    bool success;
  };

  /// @param number higher than those of earlier children
  supervised_child(supervision_context& at, std::uint64_t number,
                   child_spec spec);
  supervised_child(const supervised_child&) = delete;
  supervised_child& operator=(const supervised_child&) = delete;

  const child_spec& spec() const noexcept {
    return spec_;
  }

  const std::string& name() const noexcept {
    return spec_.name;
  }

  std::uint64_t number() const noexcept {
    return number_;
  }

  child_state state() const noexcept {
    return state_;
  }

  /// Returns how often it was started.
  std::uint64_t starts() const noexcept {
    return starts_;
  }

  /// Returns its actor; empty once that has ended.
  const caf::actor& actor() const noexcept {
    return actor_;
  }

  bool being_forgotten() const noexcept {
    return then_ == intent::forget;
  }

  /// Returns whether a request is adding it and it is not ready yet. If its
  /// start fails, it is forgotten.
  bool adding() const noexcept {
    return adding_;
  }

  bool temporary() const noexcept {
    return spec_.restart == restart_kind::temporary;
  }

  /// Returns how it ended last, as a text for people.
  const std::string& last_end() const noexcept {
    return last_end_;
  }

  child_info info() const;

  /// Keeps a request that is answered once the child is ready. @param adds
  /// whether the request adds it.
  caf::result<child_info> wait_ready(bool adds = false);

  /// Keeps a request that is answered once the child is down.
  caf::result<void> wait_down() {
    return until_down_.add(at_.self, stage::supervise);
  }

  bool may_wait_ready() {
    return until_ready_.has_room();
  }

  bool may_wait_down() {
    return until_down_.has_room();
  }

  /// Fails the requests that wait until it is ready.
  void refuse_ready(const caf::error& why) {
    until_ready_.fail(why);
  }

  /// Fails these requests because it was stopped.
  void deny_stopped();

  void start();
  /// Tells its actor to end, or changes the step that follows.
  void stop(intent then);
  /// Puts it into a state in which it does not run and has no deadline.
  void rest(child_state state);
  /// Has it wait for `pause` before it is started again.
  void back_off(caf::timespan pause);
  /// Counts a failure. @returns the pause after it.
  caf::timespan next_pause(jitter_source& chance);

  /// Handles a report. @returns whether the child has become ready.
  bool on(child_report& x);
  /// Fails a start that will not become ready.
  void on_unready(caf::error why);
  /// Handles the end of its actor.
  ending on_down(const caf::error& reason);

  /// Publishes that its start has failed.
  void tell_start_failed() const {
    tell(event::start_failed, describe(why_));
  }

  /// Takes the error of a failed start, and fails the waiting requests with it.
  caf::error fail_start();
  /// Handles a deadline that has passed.
  void on_missed();
  /// Kills it and answers all waiting requests.
  void abandon(const caf::error& why);

  /// Publishes an event of this child.
  void tell(event what, std::string why = {},
            caf::timespan delay = caf::timespan::zero(),
            const exit_status& status = {}) const;

private:
  void start_actor(const actor_start& spec);
  void on_ready();
  void tell_exit(std::string how, const exit_status& status = {});

  supervision_context& at_;
  std::uint64_t number_;
  child_spec spec_;
  child_state state_ = child_state::waiting;
  intent then_ = intent::none;
  caf::actor actor_;
  std::uint64_t starts_ = 0;
  /// The last event of this start that subscribers were told.
  enum class known { nothing, started, exited } told_ = known::nothing;
  /// The session of this start.
  session session_;
  session_id id_;
  std::int64_t pid_ = 0;
  std::string last_end_;
  /// Why it will not get ready.
  caf::error why_;
  /// Why it is not ready yet, for people; empty if unknown.
  std::string not_yet_;
  /// Failures in a row.
  std::uint32_t failures_ = 0;
  std::optional<time_point> ready_since_;
  bool adding_ = false;
  waiters<child_info> until_ready_;
  waiters<void> until_down_;
};

} // namespace procession
