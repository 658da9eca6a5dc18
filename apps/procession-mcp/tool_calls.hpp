#pragma once

#include "calls.hpp"
#include "line_io.hpp"
#include "reply_path.hpp"
#include "results.hpp"
#include "tool_list.hpp"

#include <caf/actor_clock.hpp>
#include <caf/fwd.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

/// The open calls of tools: hands each to the exec tool, answers it with the
/// result, ends the command of a cancelled one, and reports progress. Part of
/// an actor, on whose thread everything happens.
class tool_calls {
public:
  /// @param progress how often a client that asked for it is told that a call
  ///                 goes on, each time after a `caf::tick_atom` to `self`.
  /// @param on_idle called when the last open call was answered.
  tool_calls(caf::event_based_actor* self, procession::exec_tool tool,
             line_io& io, caf::timespan progress,
             std::function<void()> on_idle);

  /// To be called before the first call.
  void set_features(tools::features x) {
    client_ = x;
  }

  /// Begins the call that a request asks for.
  /// @throws rpc::bad_params if it does not name a tool.
  void begin(const rpc::request& x, const reply_path& to);

  /// Cancels the call that the parameters of a notification name.
  void cancel(const rpc::json& params);

  /// Reports the progress of the open calls, at a `caf::tick_atom`.
  void tell_progress();

  bool empty() const noexcept {
    return open_.empty();
  }

private:
  using json = rpc::json;

  /// A call that was not answered yet.
  struct call {
    json id;
    reply_path to;
    /// Null if the client does not ask for progress.
    json progress_token = {};
    caf::actor_clock::time_point since = {};
    /// The command that it runs, or the session that it waits for.
    procession::session_id runs = {};
    procession::session_id waits_for = {};
    tools::input_remark input = tools::input_remark::yes;
    /// The client wants no answer; the command that it runs is being ended.
    bool cancelled = false;
  };

  /// The side that named a session.
  enum class naming { ours, clients };

  /// Hands a command to the exec tool, under a name that no session has if it
  /// is ours.
  void run(const std::string& key, procession::exec_request x, naming named);

  /// Hands a call to the exec tool, which answers with a `Result`.
  template <class Result, class... Ts>
  void hand_over(const std::string& key, Ts... request);
  /// Hands over a call without a result; the client is answered with `done`.
  template <class... Ts>
  void hand_over(const std::string& key, json done, Ts... request);

  void cancel_command(const std::string& key, call& x);
  void end_session(const procession::session_id& id);

  /// Whether a command of this name is being ended because its call was
  /// cancelled. Until it has ended, no other command gets the name.
  bool is_cancelled(const procession::session_id& id) const;

  void finish(const std::string& key, json result);
  void wait_for_progress();

  caf::event_based_actor* self_;
  procession::exec_tool tool_;
  line_io& io_;
  caf::timespan progress_;
  std::function<void()> on_idle_;
  tools::features client_;
  /// By the text of their ids.
  std::map<std::string, call> open_;
  enum class ticking { no, yes } ticking_ = ticking::no;
  std::uint64_t last_session_ = 0;
};
