#pragma once

#include "line_io.hpp"
#include "tools.hpp"

#include <procession/actors/exec_tool.hpp>

#include <caf/all.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

/// Messages of the reading thread to the server.
PROCESSION_BEGIN_LOCAL(mcp_server, 3080)
  CAF_ADD_ATOM(mcp_server, mcp, line_atom, "line")
  CAF_ADD_ATOM(mcp_server, mcp, overlong_atom, "overlong")
  CAF_ADD_ATOM(mcp_server, mcp, end_atom, "end")
PROCESSION_END_LOCAL(mcp_server)

struct server_options {
  /// For the descriptions of the tools.
  tools::surroundings where;
  /// How often a client that asked for it is told that a call goes on.
  caf::timespan progress;
  /// The longest line that is taken, in bytes.
  std::size_t max_line;
};

/// A Model Context Protocol server (https://modelcontextprotocol.io): one
/// client, whose calls of tools it hands to an exec tool. It never waits: a
/// call is answered whenever the exec tool has answered it, others meanwhile.
/// At the end of the input it ends all sessions, answers what is open, and is
/// gone.
class server {
public:
  using pointer = caf::stateful_actor<server>*;

  explicit server(pointer self) : self_(self) {
    // nop
  }

  caf::behavior make_behavior(procession::exec_tool tool, line_io* io,
                              server_options options);

private:
  using json = rpc::json;

  /// Where answers go: out, or into the answer to a batch.
  struct batch {
    json answers = json::array();
    std::size_t missing = 0;
  };
  using batch_ptr = std::shared_ptr<batch>;

  /// A call that was not answered yet.
  struct open_call {
    json id;
    batch_ptr in;
    /// Null: nobody wants to know.
    json progress_token;
    caf::actor_clock::time_point since;
    /// The command that it runs, or the session that it waits for.
    procession::session_id runs;
    procession::session_id waits_for;
    tools::input_remark input = tools::input_remark::yes;
    /// The client wants no answer; the command that it runs is being ended.
    bool cancelled = false;
  };

  // Input.
  void on_line(const std::string& line);
  void on_batch(const json& messages);
  void on_message(const json& message, const batch_ptr& in);
  void on_request(const rpc::request& x, const batch_ptr& in);
  void on_notification(const rpc::request& x);

  // Methods.
  json initialize(const json& params);
  void call_tool(const rpc::request& x, const batch_ptr& in);
  void cancel(const json& params);
  void cancel_command(const std::string& key, open_call& call);
  void end_session(const procession::session_id& id);

  /// Whether a command of this name is being ended because its call was
  /// cancelled. Until then the name is not given to another command.
  bool is_cancelled(const procession::session_id& id) const;

  /// Whose choice the name of a session is.
  enum class naming { ours, clients };

  /// Hands a command to the exec tool. Our names are never taken already.
  void run(const std::string& key, procession::exec_request x, naming named);

  /// Hands a call to the exec tool; what comes back is `Result`.
  template <class Result, class... Ts>
  void hand_over(const std::string& key, Ts... request);
  /// Likewise; nothing comes back, and the client is answered with `done`.
  template <class... Ts>
  void hand_over(const std::string& key, json done, Ts... request);

  // Output.
  void answer(const json& response, const batch_ptr& in);
  void finish(const std::string& key, json result);
  void tell_progress();
  void wait_for_progress();
  void leave_if_done();

  pointer self_;
  procession::exec_tool tool_;
  line_io* io_ = nullptr;
  server_options options_;
  enum class phase { fresh, initialized, ending, ended } phase_ = phase::fresh;
  /// As negotiated.
  std::string version_;
  tools::features client_;
  /// By the text of their ids.
  std::map<std::string, open_call> calls_;
  enum class ticking { no, yes } ticking_ = ticking::no;
  std::uint64_t last_session_ = 0;
};
