#pragma once

#include "procession/actors/common/last_words.hpp"
#include "procession/actors/common/state_machine.hpp"
#include "procession/actors/common/waiters.hpp"
#include "procession/actors/supervision/supervised_child.hpp"
#include "procession/actors/supervisor.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace procession {

/// The state machine of a supervisor: it decides which child is started or
/// stopped next.
class supervisor_machine
  : public state_machine<supervisor_impl, supervisor_machine> {
public:
  static constexpr const char* name = "procession.supervisor";

  using state_machine::state_machine;

  /// Returns the error for a child whose name is already in use.
  static failure duplicate_child(const std::string& name);

  supervisor_impl::behavior_type make_behavior(std::vector<child_spec> children,
                                               supervisor_options options);

  /// Answers all requests and subscribers, unless that was done before.
  void on_exit() {
    last_words_.speak();
  }

private:
  void say_last();
  using event = supervisor_event_kind;

  /// The activity of the supervisor as a whole. In `running`, each child is
  /// handled by itself.
  enum class phase {
    /// The waiting children are started, one after the other.
    starting,
    running,
    /// A group is stopped, the last child first, to be started again.
    clearing,
    /// A group is down, and waits until it is started again.
    pausing,
    /// All children are stopped, the last one first.
    ending,
  };

  using child = supervised_child;
  using intent = child_intent;
  using child_ptr = std::unique_ptr<child>;

  // Requests.
  caf::result<child_list> wait();
  caf::result<child_info> add(child_spec spec);
  caf::result<child_info> restart(const std::string& name);
  caf::result<void> take_down(const std::string& name, intent then);
  caf::result<child_info> find(const std::string& name);
  child_list list() const;
  caf::result<void> stop();

  // The end of a child.
  void on_down(const caf::down_msg& x);
  void on_end(child& x, bool success);
  void on_start_failed(child& x);
  void forget(child& x);
  void on_timer();

  // Order, groups, too many restarts.
  void start_or_wait(child& x);
  void fail(child& x);
  void begin_group(child& x, caf::timespan pause);
  void advance();
  void proceed_starting();
  void proceed_clearing();
  void proceed_ending();
  void give_up(caf::error why);
  void end(caf::error reason);
  caf::error why_ended() const;
  /// Publishes an event that does not concern a child.
  void tell(event what, std::string why,
            caf::timespan delay = caf::timespan::zero());

  child& insert(child_spec spec);
  /// Returns the first child whose `property` is `x`; null if there is none.
  template <class Property, class T>
  child* find_by(Property property, const T& x);

  supervision_context at_{self_};
  supervisor_options options_;
  phase phase_ = phase::starting;
  std::vector<child_ptr> children_;
  std::uint64_t last_number_ = 0;
  /// The number of the child whose turn it is in `starting`; 0 before the
  /// first.
  std::uint64_t turn_ = 0;
  /// The group of `clearing` and `pausing`: the children from this number on,
  /// the one that failed, and how long it pauses.
  std::uint64_t group_from_ = 0;
  std::uint64_t group_failed_ = 0;
  caf::timespan group_pause_{};
  restart_window restarts_{restart_intensity{}};
  jitter_source chance_;
  /// The reason to end, in `ending`.
  caf::error reason_;
  /// The number that stands for a group among the deadlines; children have
  /// numbers from 1 on.
  static constexpr std::uint64_t the_group = 0;
  waiters<child_list> until_up_;
  waiters<void> until_over_;
  /// Kills the remaining children, and answers all requests and subscribers.
  last_words last_words_{[this] { say_last(); }};
};

} // namespace procession
