#pragma once

#include "line_io.hpp"
#include "reply_path.hpp"
#include "tool_calls.hpp"
#include "tool_list.hpp"

#include <caf/all.hpp>

#include <cstddef>
#include <optional>
#include <string>

/// Messages from the reading thread to the server.
PROCESSION_BEGIN_LOCAL(mcp_server, 3080)
  CAF_ADD_ATOM(mcp_server, mcp, line_atom, "line")
  CAF_ADD_ATOM(mcp_server, mcp, overlong_atom, "overlong")
  CAF_ADD_ATOM(mcp_server, mcp, end_atom, "end")
PROCESSION_END_LOCAL(mcp_server)

struct server_options {
  /// Mentioned in the descriptions of the tools.
  tools::surroundings where;
  /// The interval of progress reports, for clients that ask for them.
  caf::timespan progress;
  /// The longest line accepted, in bytes.
  std::size_t max_line;
};

/// A Model Context Protocol server (https://modelcontextprotocol.io) for one
/// client, whose calls of tools it hands to an exec tool. It never waits: a
/// call is answered when the exec tool has answered it, and others are served
/// meanwhile. At the end of the input it ends all sessions, answers the open
/// calls, and ends.
class server {
public:
  using pointer = caf::stateful_actor<server>*;

  explicit server(pointer self) : self_(self) {
    // nop
  }

  /// @param io must outlive the actor.
  caf::behavior make_behavior(procession::exec_tool tool, line_io& io,
                              server_options options);

private:
  using json = rpc::json;

  void on_line(const std::string& line);
  void on_batch(const json& messages);
  void on_message(const json& message, const reply_path& to);
  void on_request(const rpc::request& x, const reply_path& to);
  json initialize(const json& params);
  void leave_if_done();

  pointer self_;
  server_options options_;
  enum class phase { fresh, initialized, ending, ended } phase_ = phase::fresh;
  /// As negotiated.
  std::string version_;
  tools::features client_;
  /// The way of answers outside of batches.
  std::optional<reply_path> out_;
  std::optional<tool_calls> calls_;
};
