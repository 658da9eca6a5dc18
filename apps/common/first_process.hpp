#pragma once

namespace procession {

/// Forks if we are the first process of a pid namespace, as in a container: PID
/// 1 becomes the parent of all orphans and has other duties
/// (pid_namespaces(7)). The parent remains as a small init, which reaps
/// processes, passes signals on to the child and exits when the child does; the
/// child returns from here and is the program. In any other process this does
/// nothing.
///
/// To be called in `main` before the first thread is started.
/// @returns false if the system cannot create a process; errno says why.
[[nodiscard]] bool leave_first_process();

} // namespace procession
