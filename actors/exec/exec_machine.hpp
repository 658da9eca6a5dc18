#pragma once

#include "procession/actors/common/actor_timer.hpp"
#include "procession/actors/exec/exec_keys.hpp"
#include "procession/actors/exec_tool.hpp"
#include "procession/io/output/merged_output.hpp"
#include "procession/io/pattern_watch.hpp"
#include "procession/io/text/typed_echo.hpp"
#include "procession/messages/caf.hpp"

#include <caf/actor_addr.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace procession {

/// What its sessions and its clock say to an exec tool besides its interface.
using exec_tool_impl
  = extended<exec_tool, caf::result<void>(started), caf::result<void>(output),
             caf::result<void>(gap), caf::result<void>(exited),
             caf::result<void>(closed), caf::result<void>(timer_fired)>;

/// One session of an exec tool.
struct exec_record {
  using time_point = actor_timer::time_point;

  /// The request that waits for its output.
  struct reader {
    /// Which of the waits of the tool.
    std::uint64_t number = 0;
    caf::typed_response_promise<exec_result> promise;
    caf::actor_addr who;
    time_point since;
    time_point until;
    /// The texts and expressions to look for, by the index of the pattern.
    std::vector<std::string> wanted;
    std::optional<pattern_match> found;
    bool on_output = false;
    /// Answered as soon as the session runs.
    bool until_running = false;
    std::uint64_t max_output = 0;
    /// Bytes of input, and how many of them were taken.
    std::uint64_t sent = 0;
    std::uint64_t written = 0;
  };

  /// A request that waits for its end.
  struct watcher {
    caf::typed_response_promise<exit_status> promise;
    caf::actor_addr who;
  };

  /// A request that ends it.
  struct terminator {
    caf::typed_response_promise<exec_result> promise;
    time_point since;
  };

  /// Input that its session does not have yet: what one request brings waits
  /// here and goes on as the process takes it.
  struct pending_input {
    struct part {
      input_step step;
      /// The wait that belongs to the request.
      std::uint64_t number = 0;
    };
    std::deque<part> parts;
    /// Bytes in them, and in the piece that the session has.
    std::uint64_t bytes = 0;
    /// Which piece the session has; 0: none.
    std::uint64_t piece = 0;
    /// Why it was refused, if nobody was told.
    caf::error refused;
  };

  exec_record(std::size_t buffer, time_point now)
    : unread(buffer), begun(now), active(now) {
    // nop
  }

  session_state state = session_state::starting;
  /// Valid once it runs.
  session hdl;
  /// Whether it was asked to end, which it cannot be before it runs.
  enum class ending { no, asked } end = ending::no;
  std::string command;
  bool tty = false;
  /// Whether it can be written to.
  bool input_open = false;
  bool keeps_background = false;
  std::int64_t pid = 0;
  exit_status status;
  /// Whether an answer told that the process has ended.
  bool exit_told = false;
  bool complete = true;
  leftovers rest;
  caf::error start_error;
  merged_output unread;
  /// Output since the last match or input.
  pattern_watch watch;
  /// Of a terminal.
  typed_echo echo;
  cursor produced;
  time_point begun;
  /// When something came or went last.
  time_point active;
  /// Valid in state `closed`.
  time_point over;
  pending_input input;
  std::optional<reader> reading;
  std::vector<watcher> watching;
  std::vector<terminator> terminating;
};

/// The actor behind `exec_tool`.
class exec_machine {
public:
  static constexpr const char* name = "procession.exec_tool";

  using pointer = exec_tool_impl::stateful_pointer<exec_machine>;

  explicit exec_machine(pointer self) : self_(self) {
    // nop
  }

  exec_machine(const exec_machine&) = delete;
  exec_machine& operator=(const exec_machine&) = delete;

  /// Answers all who wait.
  ~exec_machine();

  exec_tool_impl::behavior_type make_behavior(spawner where,
                                              exec_tool_options options);

private:
  using time_point = exec_record::time_point;
  using records = std::map<session_id, exec_record>;

  // Requests.
  caf::result<exec_result> exec(exec_request& x);
  caf::result<exec_result> write(const exec_input& x);
  caf::result<exec_result> poll(const exec_poll& x);
  caf::result<void> resize(const session_id& id, terminal_size size);
  caf::result<void> signal(const session_id& id, signal_name name);
  caf::result<void> cancel(const session_id& id);
  caf::result<exit_status> wait(const session_id& id);
  caf::result<std::vector<exec_session>> list();
  caf::result<exec_result> terminate(const session_id& id);
  caf::result<std::vector<exec_session>> terminate_all();

  // What becomes of a session.
  void on_spawned(const session_id& id, session hdl);
  void on_start_failed(const session_id& id, const caf::error& why);
  void on(const started& x);
  void on(const output& x);
  void on(const gap& x);
  void on(const exited& x);
  void on(const closed& x);
  void on_lost(const session_id& id);
  /// The session that the current message is from.
  records::iterator source_of(const session_id& id);
  void on_down(const caf::down_msg& x);
  void on_timer();

  // Waiting.
  caf::typed_response_promise<exec_result>
  begin_reading(exec_record& x, const exec_wait& how, pattern_set patterns,
                const wait_limits& range);
  bool look(exec_record& x);
  void hasten(exec_record& x);
  /// The session that a request is passed on to, or why it is not.
  std::variant<session, caf::error> running(const session_id& id) const;
  void answer(const session_id& id, exec_record& x, wait_result why);
  void refuse(exec_record& x, const caf::error& why);
  void stop_reading(exec_record& x);
  exec_result take(const session_id& id, exec_record& x, wait_result why,
                   std::uint64_t max_output, time_point since);

  // Input.
  void send_input(const session_id& id, exec_record& x);
  void send_piece(const session_id& id, exec_record& x, std::uint64_t number,
                  shared_bytes& from);
  template <class... Ts>
  void ask(const session_id& id, const exec_record& x, std::uint64_t number,
           Ts... request);
  void on_input_taken(const session_id& id, std::uint64_t piece,
                      std::uint64_t number, std::uint64_t bytes);
  void on_input_refused(const session_id& id, std::uint64_t piece,
                        std::uint64_t number, const caf::error& why);
  void on_request_failed(const session_id& id, std::uint64_t number,
                         const caf::error& why);

  // The end.
  void ask_to_end(const session_id& id, exec_record& x);
  void close(records::iterator i);
  void finish_sweeps(const session_id& id);
  void forget(records::iterator i);
  void forget_unread();

  command make_command(const exec_request& x) const;
  session_id next_id();
  std::size_t live() const;
  caf::error too_many(const std::string& text) const;
  exec_session describe_session(const session_id& id,
                                const exec_record& x) const;
  std::vector<exec_session> describe_sessions(bool live_only) const;
  time_point now() const;

  pointer self_;
  spawner where_;
  exec_tool_options options_;
  records records_;
  /// Those who ended all sessions, and which of them are not closed yet.
  struct sweep {
    caf::typed_response_promise<std::vector<exec_session>> promise;
    std::vector<exec_session> swept;
    std::set<session_id> left;
  };
  std::vector<sweep> sweeps_;
  actor_timer timer_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_number_ = 0;
};

} // namespace procession
