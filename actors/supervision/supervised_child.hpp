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

/// What the children of a supervisor share with it. It outlives them.
struct supervision_context {
  explicit supervision_context(supervisor_impl::pointer x) : self(x), feed(x) {
    // nop
  }

  supervisor_impl::pointer self;
  event_feed feed;
  actor_timer timer;
  /// Until when a child, by its number, may be or is to be in its state.
  deadlines<std::uint64_t> due;

  void expect(std::uint64_t number, caf::timespan after);
};

/// The measure taken when a child has ended that was told to.
enum class child_intent {
  /// It was not told to.
  none,
  /// It did not get ready.
  fail,
  /// Start it again at once.
  restart,
  /// Start it again when its turn comes.
  wait,
  stay,
  forget,
};

/// One child of a supervisor: an actor that is monitored and is stopped by an
/// exit message, and the requests that wait for it. Reports tell more of a
/// session. When a child is started again, and in which order, the supervisor
/// decides.
class supervised_child {
public:
  using time_point = caf::actor_clock::time_point;
  using intent = child_intent;
  using event = supervisor_event_kind;

  /// The end of its actor.
  struct ending {
    child_state state;
    intent then;
    /// Whether its reason was that of a success.
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

  /// How often it was started.
  std::uint64_t starts() const noexcept {
    return starts_;
  }

  /// Its actor, while that lives.
  const caf::actor& actor() const noexcept {
    return actor_;
  }

  bool being_forgotten() const noexcept {
    return then_ == intent::forget;
  }

  /// Whether a request adds it, and it is not ready yet. If that fails, it was
  /// never there.
  bool adding() const noexcept {
    return adding_;
  }

  bool temporary() const noexcept {
    return spec_.restart == restart_kind::temporary;
  }

  /// How it ended last, for people.
  const std::string& last_end() const noexcept {
    return last_end_;
  }

  child_info info() const;

  /// Answered once it is ready. @param adds whether the request adds it.
  caf::result<child_info> wait_ready(bool adds = false);

  /// Answered once it is down.
  caf::result<void> wait_down() {
    return until_down_.add(at_.self, stage::supervise);
  }

  bool may_wait_ready() {
    return until_ready_.has_room();
  }

  bool may_wait_down() {
    return until_down_.has_room();
  }

  /// Tells those who wait until it is ready that it will not be.
  void refuse_ready(const caf::error& why) {
    until_ready_.fail(why);
  }

  void deny_stopped();

  void start();
  /// Tells its actor to end, or changes what comes after that.
  void stop(intent then);
  /// It does not run, and its state has no deadline.
  void rest(child_state state);
  /// It waits for so long before it is started again.
  void back_off(caf::timespan pause);
  /// The pause after a failure.
  caf::timespan next_pause(jitter_source& chance);

  /// @returns whether it got ready.
  bool on(child_report& x);
  /// It will not get ready.
  void on_unready(caf::error why);
  /// Its actor has ended.
  ending on_down(const caf::error& reason);

  /// Tells that it ended before it was ready.
  void tell_start_failed() const {
    tell(event::start_failed, describe(why_));
  }

  /// Takes the error of a start that failed; those who wait for it get it, too.
  caf::error fail_start();
  /// Its deadline has passed.
  void on_missed();
  /// Kills it and answers those who wait.
  void abandon(const caf::error& why);

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
  /// The events that subscribers have had of this start.
  enum class known { nothing, started, exited } told_ = known::nothing;
  /// The session of this start.
  session session_;
  session_id id_;
  std::int64_t pid_ = 0;
  std::string last_end_;
  /// Why it is not ready.
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
