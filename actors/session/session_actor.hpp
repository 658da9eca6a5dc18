#pragma once

#include "procession/actors/common/last_words.hpp"
#include "procession/actors/common/state_machine.hpp"
#include "procession/actors/common/waiters.hpp"
#include "procession/actors/session/drain_clock.hpp"
#include "procession/actors/session/fanout.hpp"
#include "procession/actors/session/page_readers.hpp"
#include "procession/actors/session/pending_writes.hpp"
#include "procession/io/output/credit.hpp"
#include "procession/io/output/output_log.hpp"
#include "procession/io/reactor/deadlines.hpp"
#include "procession/messages/caf.hpp"
#include "procession/messages/session.hpp"
#include "procession/platform/child.hpp"

#include <caf/actor_clock.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace procession {

/// How many bytes of output may be on their way from a child. A runner must be
/// able to read the next chunks of a flood while the last ones are being sent.
inline constexpr std::uint64_t read_window = 1024 * 1024;

/// Sent by a session to itself when it is time to check its deadlines.
struct session_timer {
  /// Only the timer that was sent last counts.
  std::uint64_t number = 0;
};

/// How many writes to a session may wait at a time, regardless of their size.
inline constexpr std::size_t max_waiting_writes = 16 * 1024;

/// Tells the spawner that a session is closed and how long to keep it.
struct session_over {
  session_id id;
  caf::timespan retention{};
};

/// Tells a closed session to end as soon as all subscribers were sent
/// everything.
struct session_release {};

/// Tells a session that its owner has ended.
struct session_orphaned {};

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_session_actor, 3090)
  PROCESSION_LOCAL(procession_session_actor, procession::child_event)
  PROCESSION_LOCAL(procession_session_actor, procession::session_timer)
  PROCESSION_LOCAL(procession_session_actor, procession::session_over)
  PROCESSION_LOCAL(procession_session_actor, procession::session_release)
  PROCESSION_LOCAL(procession_session_actor, procession::session_orphaned)
  CAF_ADD_ATOM(procession_session_actor, procession, start_atom, "start")
PROCESSION_END_LOCAL(procession_session_actor)

namespace procession {

/// The interface of a session, and the messages from its spawner, its child and
/// its timer.
using session_impl
  = extended<session, caf::result<session>(start_atom),
             caf::result<session>(start_atom, subscription),
             caf::result<void>(child_event), caf::result<void>(session_timer),
             caf::result<void>(session_release),
             caf::result<void>(session_orphaned)>;

/// The actor that keeps closed sessions for a while: the spawner.
using session_keeper = typed_actor<caf::result<void>(session_over)>;

/// The arguments of a new session.
struct session_args {
  command spec;
  std::unique_ptr<procession::child> child;
  caf::actor_addr spawner;
  /// Empty if it belongs to the spawner.
  caf::actor_addr owner;
};

/// The state machine of a session. It alone sends events to subscribers, for
/// every kind of child.
class session_machine : public state_machine<session_impl, session_machine> {
public:
  static constexpr const char* name = "procession.session";

  using state_machine::state_machine;

  session_impl::behavior_type
  make_behavior(const std::shared_ptr<session_args>& args);

  /// Answers all requests and subscribers, unless that was done before.
  void on_exit() {
    last_words_.speak();
  }

private:
  /// The progress of ending the process.
  enum class stopping { no, asked, killed };

  // Requests.
  caf::result<session> start();
  caf::result<session> start(const subscription& terms);
  caf::result<std::uint64_t> write(shared_bytes bytes);
  caf::result<void> close_stdin();
  caf::result<void> resize(terminal_size size);
  caf::result<void> signal(signal_name name);
  caf::result<exit_status> terminate(signal_name by, caf::timespan grace);
  caf::result<exit_status> wait();
  caf::result<session_info> wait_for(session_state state);
  caf::result<void> wait_ready();
  caf::result<page> read(cursor from, std::uint64_t max, caf::timespan wait);
  caf::result<void> subscribe(const subscription& terms);
  void add_subscriber(const caf::strong_actor_ptr& who,
                      const subscription& terms);
  caf::result<void> unsubscribe();
  void acknowledge(std::uint64_t bytes);
  session_info info() const;

  // Events of the child.
  void on(child_started& x);
  void on(child_start_failed& x);
  void on(child_output& x);
  void on(child_stdin_taken& x);
  void on(child_stdin_refused& x);
  void on(child_stdin_broken& x);
  void on(child_notified& x);
  void on(child_stopped& x);
  void on(child_continued& x);
  void on(child_answered& x);
  void on(child_exited& x);
  void on(child_finished& x);

  void on(const session_timer& x);
  void on_owner_down();
  void on_down(const caf::actor_addr& who);
  void on_exit_request(caf::exit_msg& x);

  // The end, step by step.
  void stop(signal_name by, caf::timespan grace);
  void kill();
  void close(close_reason why, leftovers rest);
  /// Tells the spawner, once, that the session is closed. The spawner learns it
  /// before all others, as they may use the name again.
  void tell_spawner();
  void quit_if_done();
  void drop_starter();
  void say_last();
  void abort();

  // Output.
  void publish();
  void settle();
  void update_hold();
  void update_drain();
  bool pauses_unsubscribed() const noexcept;
  void forget(const caf::actor_addr& who);
  fanout::facts facts() const;
  page make_page(cursor from, std::uint64_t max) const;
  page_readers::source pages() const;
  void await_readers();

  void advance_to(session_state state);
  template <class F>
  void once_started(F f);
  caf::result<void> ask_child(std::function<void(std::uint64_t)> ask);
  /// The kinds of deadlines.
  enum class limit { timeout, grace, unkillable, drain, read };
  void expect(limit what, caf::timespan after);
  void set_timer();
  void on_missed(limit what);
  void fail_everybody(const caf::error& why);

  command spec_;
  std::unique_ptr<child> child_;
  caf::actor_addr spawner_;
  caf::actor_addr owner_;

  session_state state_ = session_state::starting;
  stopping stopping_ = stopping::no;
  /// The terms of a request to end that came before the process ran.
  signal_name early_signal_ = signal_name::terminate;
  caf::timespan early_grace_{};
  std::int64_t pid_ = 0;
  containment_kind containment_ = containment_kind::unknown;
  caf::timestamp started_{};
  caf::timestamp last_output_{};
  exit_status status_;
  bool timed_out_ = false;
  bool by_request_ = false;
  close_reason why_closed_ = close_reason::complete;
  leftovers rest_;
  /// The signal that has stopped the process; 0 while it runs.
  std::int32_t stopped_ = 0;
  /// The error of a failed start.
  caf::error start_error_;

  output_log log_{0};
  fanout subscribers_{spec_.id, log_};
  receive_window reads_{read_window};
  bool held_ = false;
  /// With policy `pause` and without subscribers: the output that was read
  /// already.
  cursor released_;

  enum class input { open, closing, closed } input_ = input::open;
  pending_writes writes_;

  drain_clock drain_;
  /// The process has exited, and its output may go on until the deadline.
  bool draining_ = false;
  /// The session ends as soon as it is closed and all subscribers were sent
  /// everything.
  bool quitting_ = false;
  /// The session ends as soon as it is closed: its spawner has ended, or it
  /// received an exit message.
  bool cut_short_ = false;

  using time_point = caf::actor_clock::time_point;

  caf::typed_response_promise<session> starting_;
  /// The actor that requested the start, if it subscribes; empty once the
  /// process runs.
  caf::actor_addr first_;
  waiters<session_info, session_state> until_state_;
  bool ready_ = false;
  waiters<void> until_ready_;
  waiters<exit_status> until_exit_;
  waiters<exit_status> terminating_;
  page_readers readers_;
  /// Requests that the child answers, by their numbers.
  waiters<void, std::uint64_t> asked_;
  std::vector<std::function<void()>> deferred_;
  std::uint64_t last_number_ = 0;
  deadlines<limit> deadlines_;
  /// The number of the `session_timer` that is under way, or 0, and when it
  /// arrives.
  std::uint64_t timer_ = 0;
  time_point timer_due_{};
  /// Answers all requests and subscribers at the end of the actor; the child is
  /// destroyed after that.
  last_words last_words_{[this] { say_last(); }};
};

/// Creates a session and starts its child.
/// @param keeper a `session_keeper`, which sends an exit message when it ends,
///               and `session_orphaned` when the owner does.
/// @param owner the actor that the session ends with, if there is one.
/// @param begin is called before the child is started, and sends the start
///              message.
void launch_session(caf::local_actor& keeper, const caf::actor_addr& owner,
                    command spec, std::unique_ptr<child> process,
                    const std::function<void(const session_impl&)>& begin);

} // namespace procession
