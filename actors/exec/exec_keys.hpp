#pragma once

#include "procession/messages/bytes.hpp"
#include "procession/messages/exec_tool.hpp"
#include "procession/messages/expected.hpp"

#include <variant>
#include <vector>

namespace procession {

/// The end of the input.
struct end_of_input {};

/// One thing to do to a session.
using input_step = std::variant<shared_bytes, signal_name, end_of_input>;

/// What `x` comes to on a terminal, or on pipes, in order.
/// @returns `invalid_argument` for a key that nobody knows.
expected<std::vector<input_step>> input_steps(const exec_input& x, bool tty);

} // namespace procession
