#pragma once

#include "calls.hpp"
#include "tool_list.hpp"

#include <procession/messages/exec_tool.hpp>

#include <string>

namespace tools {

// The results of `tools/call`.

/// Whether a result says how much of the input the process has read. That means
/// nothing if the call gave the process no time to read.
enum class input_remark { no, yes };

/// The text has everything, and `_meta` has the facts for programs. There is no
/// structured content: clients that know it show a model nothing else, and with
/// the output in both parts the answer would be twice as long.
json make_result(const procession::exec_result& x,
                 input_remark input = input_remark::yes);

json make_result(const procession::exec_list& x, features client);
json make_result(const resize& x);
json make_result(const signal& x);

/// A failure is a result, too, so that the model reads it.
json make_failure(const std::string& text);
json make_result(const caf::error& x);

} // namespace tools
