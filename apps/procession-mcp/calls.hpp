#pragma once

#include "arguments.hpp"

#include <procession/messages/exec_tool.hpp>

#include <string>
#include <variant>

namespace tools {

// The requests of calls; one type for each tool.
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

/// Reads the arguments of a call.
/// @param given null if there are none.
/// @throws rpc::bad_params if there is no such tool.
/// @throws bad_arguments if its arguments are wrong.
call read_call(const std::string& name, const json& given);

} // namespace tools
