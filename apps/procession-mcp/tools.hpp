#pragma once

#include "arguments.hpp"
#include "json_rpc.hpp"

#include <procession/messages/exec_tool.hpp>

#include <string>
#include <variant>
#include <vector>

/// The tools: how they are described to a model, what its arguments mean to the
/// exec tool, and how the exec tool's answers read.
namespace tools {

/// The request of a call; one type for each tool.
struct resize {
  procession::session_id id;
  procession::terminal_size size;
};
struct signal {
  procession::session_id id;
  procession::signal_name name = procession::signal_name::interrupt;
};
struct list_sessions {};
struct terminate {
  procession::session_id id;
};
struct terminate_all {};
using call = std::variant<procession::exec_request, procession::exec_input,
                          procession::exec_poll, resize, signal, list_sessions,
                          terminate, terminate_all>;

/// The features that a client's version of the protocol has.
struct features {
  bool annotations = false;
  bool structured_content = false;
};

/// The facts about the place where commands run that descriptions mention.
struct surroundings {
  /// The words before a command.
  std::vector<std::string> shell;
  /// Where they run unless they are told otherwise.
  std::string directory;
};

/// The answer to `tools/list`.
json describe(features client, const surroundings& where);

/// Takes a call apart. `arguments` may be null.
/// @throws rpc::bad_params if there is no such tool.
/// @throws bad_arguments if its arguments are wrong.
call read_call(const std::string& name, const json& arguments);

// The results of `tools/call`.

/// Whether a result says how much of the input the process has read. That means
/// nothing after a call that gave the process no time to read.
enum class input_remark { no, yes };

/// All is in the text, and the facts for programs in `_meta`. There is no
/// structured content: clients that know it show a model nothing else, and with
/// the output in both parts the answer would be twice as long.
json make_result(const procession::exec_result& x,
                 input_remark input = input_remark::yes);

json make_result(const procession::exec_list& x, features client);
json make_result(const resize& x);
json make_result(const signal& x);

/// A failure is a result, too: the model is to read it.
json make_failure(const std::string& text);
json make_result(const caf::error& x);

} // namespace tools
