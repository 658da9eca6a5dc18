#pragma once

#include "orders.hpp"

namespace procession::soak {

/// Appends "pid NUMBER START KIND" to the report: our number and start time
/// (field 22 of /proc/PID/stat).
void report_self(const orders& x, const char* kind);

/// Appends one line to the report at once, so that lines do not mix.
void report_line(const orders& x, const char* line);

/// Starts the descendants and returns when each has reported itself and is
/// ready. @returns whether that worked.
bool grow_tree(const orders& x);

/// Plays the descendant that was executed anew, if these are its arguments.
bool play_daemon(int argc, char** argv);

} // namespace procession::soak
