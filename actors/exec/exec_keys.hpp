#pragma once

#include "procession/messages/bytes.hpp"
#include "procession/messages/exec_tool.hpp"
#include "procession/messages/expected.hpp"

#include <variant>
#include <vector>

namespace procession {

/// The end of the input.
struct end_of_input {};

/// One step of input: bytes to write, a signal to send, or the end of the
/// input.
using input_step = std::variant<shared_bytes, signal_name, end_of_input>;

/// Translates `x` into steps for a terminal or for pipes, in order.
/// @returns the steps, or `invalid_argument` for an unknown key.
expected<std::vector<input_step>> input_steps(const exec_input& x, bool tty);

} // namespace procession
