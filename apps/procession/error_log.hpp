#pragma once

namespace procession::cli {

/// Lets spdlog's default logger write to our error output, even if that is
/// non-blocking, and without control sequences for a terminal. It logs only
/// errors until another level is set.
void set_up_error_log();

} // namespace procession::cli
