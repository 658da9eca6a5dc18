#pragma once

namespace procession::cli {

/// Whether somebody could continue us if we were stopped: we have a terminal,
/// and above our process group there is a shell of the same session (an
/// orphaned group is not stopped, setpgid(2)).
bool can_be_suspended();

/// Whether the terminal that our input is is ours, and not that of another
/// job.
bool in_foreground();

/// Waits until the terminal that our input is is ours again, as it is when
/// a shell continues us with `fg`, and then acts as if we were stopped until
/// now. To be called after a read from it failed in the background.
/// @returns false, at once, if that is not why it failed.
bool wait_for_foreground();

} // namespace procession::cli
