#pragma once

#include "json_rpc.hpp"

#include <procession/messages/exec_tool.hpp>

#include <string>
#include <variant>
#include <vector>

/// The tools: how they are described to a model, what its arguments mean to the
/// exec tool, and how the exec tool's answers read.
namespace tools {

using rpc::json;

/// What a call asks for; one for each of the tools.
struct list_sessions {};
struct terminate {
  procession::session_id id;
};
struct terminate_all {};
using call = std::variant<procession::exec_request, procession::exec_input,
                          procession::exec_poll, list_sessions, terminate,
                          terminate_all>;

/// What a client of some version of the protocol knows.
struct features {
  bool annotations = false;
  bool structured_content = false;
};

/// The answer to `tools/list`.
/// @param shell the words before a command's text.
json describe(features client, const std::vector<std::string>& shell);

/// Takes a call apart.
/// @throws rpc::bad_params with what is wrong with it.
call read_call(const std::string& name, const json& arguments);

// The results of `tools/call`.
json make_result(const procession::exec_result& x, features client);
json make_result(const procession::exec_list& x, features client);

/// A failure is a result, too: the model is to read it.
json make_result(const caf::error& x);

} // namespace tools
