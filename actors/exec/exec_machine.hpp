#pragma once

#include "procession/actors/common/state_machine.hpp"
#include "procession/actors/common/waiters.hpp"
#include "procession/actors/exec/tool_session.hpp"
#include "procession/actors/exec_tool.hpp"

#include <map>
#include <set>
#include <string>

namespace procession {

/// The actor behind `exec_tool`: admits requests, finds the session of each,
/// and forgets sessions whose output was read or has waited for too long.
class exec_machine : public state_machine<exec_tool_impl, exec_machine> {
public:
  static constexpr const char* name = "procession.exec_tool";

  using state_machine::state_machine;

  /// Answers all requests that wait.
  ~exec_machine();

  exec_tool_impl::behavior_type make_behavior(spawner where,
                                              exec_tool_options options);

private:
  using sessions = std::map<session_id, tool_session>;

  // Requests.
  caf::result<exec_result> exec(exec_request& x);
  caf::result<exec_result> write(const exec_input& x);
  caf::result<exec_result> poll(const exec_poll& x);
  template <class Request, class F>
  caf::result<exec_result> converse(const Request& x, F f);
  caf::result<exec_result> terminate(const session_id& id);
  caf::result<exec_list> terminate_all();
  template <class... Ts>
  caf::result<void> pass_on(const session_id& id, Ts... request);

  // Events.
  void on_spawned(const session_id& id, session hdl);
  void on_start_failed(const session_id& id, const caf::error& why);
  template <class T>
  void on(const T& x);
  void on(const closed& x);
  void on_down(const caf::down_msg& x);
  void on_timer();

  tool_session* find(const session_id& id);
  tool_session* find_sender(const session_id& id);
  void ask_to_end(tool_session& x);
  void on_closed(const session_id& id);
  void finish_sweeps(const session_id& id);
  void forget_unread();

  command make_command(const exec_request& x) const;
  session_id next_id();
  std::size_t live() const;
  /// Returns the error of a refused session, with a list of the others.
  caf::error too_many(const std::string& text, const session_id& refused) const;
  exec_list describe_sessions(bool live_only) const;

  spawner where_;
  exec_context at_{self_, {}, {}};
  sessions sessions_;
  /// A request to end all sessions.
  struct sweep {
    exec_list swept;
    /// The sessions that are not closed yet.
    std::set<session_id> left;
  };
  waiters<exec_list, sweep> sweeps_{max_end_waits};
  std::uint64_t last_id_ = 0;
};

} // namespace procession
