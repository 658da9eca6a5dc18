#pragma once

namespace procession::cli {

/// Makes spdlog's default logger one that writes to our error output, which may
/// be one that does not block, with nothing in it that plays with a terminal.
/// Errors only, until somebody sets another level.
void set_up_error_log();

} // namespace procession::cli
