#pragma once

namespace procession::cli {

/// The descriptor of our input (see `take_keys_from_terminal`).
int input_descriptor() noexcept;

} // namespace procession::cli
