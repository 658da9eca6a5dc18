#pragma once

namespace procession {

/// As the first process of a pid namespace, as of a container, we would be the
/// parent of all its orphans, and of everything else that PID 1 is to be
/// (pid_namespaces(7)). So then this forks: the parent remains as a small init,
/// which reaps what ends, passes signals on to the child and ends as that does;
/// the child returns from here and is the program. In any other process it
/// does nothing.
///
/// To be called in `main` before the first thread is started.
/// @returns false if the system makes no new process; errno says why.
[[nodiscard]] bool leave_first_process();

} // namespace procession
