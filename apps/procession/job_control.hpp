#pragma once

namespace procession::cli {

/// Returns whether a shell could continue us if we were stopped: we have a
/// terminal, and above our process group there is a shell of the same session
/// (the kernel does not stop an orphaned group, setpgid(2)).
bool can_be_suspended();

/// Returns whether the terminal of our input belongs to our job, and not to
/// another one.
bool in_foreground();

/// Waits until the terminal of our input belongs to our job again, as after
/// `fg` in a shell, and then acts as if we had been stopped until now. To be
/// called after a read from it failed in the background.
/// @returns false, at once, if the read failed for another reason.
bool wait_for_foreground();

} // namespace procession::cli
