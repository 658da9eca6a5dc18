#pragma once

#include "procession/actors/common/actor_timer.hpp"
#include "procession/actors/common/last_words.hpp"
#include "procession/actors/common/waiters.hpp"
#include "procession/actors/supervision/event_feed.hpp"
#include "procession/actors/supervision/restart_policy.hpp"
#include "procession/actors/supervision/supervised_session.hpp"
#include "procession/actors/supervisor.hpp"
#include "procession/io/reactor/deadlines.hpp"
#include "procession/messages/caf.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace procession {

/// What its children and its clock tell a supervisor besides its interface.
using supervisor_impl = extended<supervisor, caf::result<void>(child_report),
                                 caf::result<void>(timer_fired)>;

/// The state machine of a supervisor. To it every child is an actor that is
/// monitored, and is stopped by an exit message; more of a session it knows by
/// reports.
class supervisor_machine {
public:
  static constexpr const char* name = "procession.supervisor";

  using pointer = supervisor_impl::stateful_pointer<supervisor_machine>;

  explicit supervisor_machine(pointer self);
  supervisor_machine(const supervisor_machine&) = delete;
  supervisor_machine& operator=(const supervisor_machine&) = delete;

  supervisor_impl::behavior_type make_behavior(std::vector<child_spec> children,
                                               supervisor_options options);

  /// Answers all who wait or listen, unless that was done.
  void on_exit() {
    last_words_.speak();
  }

private:
  void say_last();
  using time_point = caf::actor_clock::time_point;
  using event = supervisor_event_kind;

  /// What it is doing as a whole. In `running` each child is on its own.
  enum class phase {
    /// The children that wait have their turns, one after the other.
    starting,
    running,
    /// A group is stopped, the last child first, to be started again.
    clearing,
    /// A group is down, and waits.
    pausing,
    /// All children are stopped, the last one first.
    ending,
  };

  /// What follows when a child has ended that was told to.
  enum class intent {
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

  struct child {
    child_spec spec;
    /// Later children have higher ones.
    std::uint64_t number;
    child_state state = child_state::waiting;
    intent then = intent::none;
    /// Runs, if there is one.
    caf::actor actor;
    std::uint64_t starts = 0;
    /// What subscribers know of this start.
    enum class known { nothing, started, exited } told = known::nothing;
    /// The session of this start.
    procession::session session;
    session_id id;
    std::int64_t pid = 0;
    /// How it ended last, for people.
    std::string last_end;
    /// Why it is not ready.
    caf::error why;
    /// Why it is not ready yet, for people; empty if nobody knows.
    std::string not_yet;
    /// Failures that the back-off goes by.
    std::uint32_t failures = 0;
    std::optional<time_point> ready_since;
    /// It is not there before it was ready once: somebody asked for it.
    bool adding = false;
    waiters<child_info> until_ready;
    waiters<void> until_down;
  };

  using child_ptr = std::unique_ptr<child>;

  // Requests (supervisor.cpp).
  caf::result<child_list> wait();
  caf::result<child_info> add(child_spec spec);
  caf::result<child_info> restart(const std::string& name);
  caf::result<void> take_down(const std::string& name, intent then);
  caf::result<child_info> find(const std::string& name);
  child_list list() const;
  caf::result<std::uint64_t> subscribe(const event_subscription& terms);
  caf::result<void> unsubscribe();
  void acknowledge(std::uint64_t events);
  caf::result<void> terminate();
  static child_info info_of(const child& x);
  child* find_child(const std::string& name);

  // One child (supervisor_children.cpp).
  child& insert(child_spec spec);
  void start(child& x);
  void start_or_wait(child& x);
  void start_session(child& x, const session_start& spec);
  void start_actor(child& x, const actor_start& spec);
  void on_ready(child& x);
  void on_unready(child& x, caf::error why);
  void stop(child& x, intent then);
  void on(child_report& x);
  void on(child& x, child_report::started& what);
  void on(child& x, child_report::ready);
  void on(child& x, child_report::unready& what);
  void on(child& x, child_report::not_yet& what);
  void on(child& x, child_report::exited& what);
  void on_down(const caf::down_msg& x);
  void on_end(child& x, bool success);
  void on_start_failed(child& x);
  void forget(child& x);
  void on_timer();
  void on_missed(child& x);
  void expect(const child& x, caf::timespan after);
  void deny_stopped(child& x);
  child* find_number(std::uint64_t number);
  child* find_actor(const caf::actor_addr& who);

  // All of them (supervisor_strategy.cpp).
  void fail(child& x);
  void begin_group(child& x, caf::timespan pause);
  void advance();
  void proceed_starting();
  void proceed_clearing();
  void proceed_ending();
  void give_up(caf::error why);
  void end(caf::error reason);
  caf::error why_ended() const;

  void tell(event what, const child* about = nullptr, std::string why = {},
            caf::timespan delay = caf::timespan::zero(),
            const exit_status& status = {});
  void finish_events(pointer sender, std::string why);
  void tell_exit(child& x, std::string how, const exit_status& status = {});

  pointer self_;
  supervisor_options options_;
  phase phase_ = phase::starting;
  std::vector<child_ptr> children_;
  std::uint64_t last_number_ = 0;
  /// Whose turn it is in `starting`; 0: nobody's yet.
  std::uint64_t turn_ = 0;
  /// The group of `clearing` and `pausing`: the children from this number on,
  /// the one that failed, and how long it pauses.
  std::uint64_t group_from_ = 0;
  std::uint64_t group_failed_ = 0;
  caf::timespan group_pause_{};
  restart_window restarts_;
  jitter_source chance_;
  event_feed feed_;
  /// Of `ending`.
  caf::error reason_;
  actor_timer timer_;
  /// Until when a child, by its number, may be or is to be in its state; under
  /// `the_group`: when the pause of `pausing` is over.
  static constexpr std::uint64_t the_group = 0;
  deadlines<std::uint64_t> deadlines_;
  waiters<child_list> until_up_;
  waiters<void> until_over_;
  /// Kills the children that are left; answers all who wait or listen.
  last_words last_words_{[this] { say_last(); }};
};

} // namespace procession
