#pragma once

#include "procession/messages/bytes.hpp"
#include "procession/messages/exec_tool.hpp"

#include <variant>
#include <vector>

namespace procession {

/// The end of the input.
struct end_of_input {};

/// One thing to do to a session.
using input_step = std::variant<shared_bytes, signal_name, end_of_input>;

/// What `x` comes to on a terminal, or on pipes, in order.
/// @returns `invalid_argument` for a key that nobody knows.
std::variant<std::vector<input_step>, failure> input_steps(const exec_input& x,
                                                           bool tty);

} // namespace procession
