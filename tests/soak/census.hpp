#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

/// Reads the processes of a soak from the system, without the library.
namespace procession::soak {

/// A process by its number and its start time (field 22 of proc_pid_stat(5)),
/// which together are unique.
struct process {
  pid_t pid = 0;
  std::uint64_t start = 0;

  friend auto operator<=>(const process&, const process&) = default;
};

/// The resources of this process.
struct holdings {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  /// Bytes of memory in use (RssAnon of proc_pid_status(5)).
  std::uint64_t memory = 0;
};

holdings count_holdings();

/// Returns the children of this process, including zombies.
std::vector<pid_t> children();

/// Returns the children of a process that have that name (comm).
std::vector<pid_t> children_named(pid_t of, const std::string& name);

/// Returns a line for each process that has these words in its command line,
/// between spaces: its number, its state and where it sleeps.
std::vector<std::string> processes_with(const std::string& words);

/// Returns a line for each of our threads and children: where it sleeps, and in
/// which system call (proc_pid_syscall(5)).
std::vector<std::string> threads_and_children();

/// The processes that must be gone at the end.
class census {
public:
  /// @param report the file where programs report themselves. It is created,
  ///        every user may append to it, and its path is in the command lines
  ///        of all programs.
  explicit census(std::string report);
  census(const census&) = delete;
  census& operator=(const census&) = delete;
  ~census();

  const std::string& report() const noexcept {
    return report_;
  }

  /// Notes a process and all of its present descendants: it is about to be
  /// killed, and they must go with it.
  /// @param inside whether it is in a tree of another host, as runners are.
  void condemn(pid_t pid, bool inside);

  /// Notes that this process has sessions of its own, so that its cgroups must
  /// go as well.
  void count_as_host();

  /// Waits until all that were reported or condemned are gone, and their
  /// cgroups with them. Kills the rest: one soak leaves nothing to the next,
  /// nor to the machine. Temporary files count as well.
  /// @returns a line for each that is not gone, or that reported a mistake.
  std::vector<std::string> await_end(std::chrono::seconds patience);

  /// Kills all that were reported or condemned.
  void kill_all();

  /// Returns the number of processes that it has looked for.
  std::uint64_t seen() const noexcept {
    return known_.size();
  }

private:
  void read_report();
  std::vector<std::string> leftover_cgroups() const;
  std::vector<std::string> leftover_files() const;

  std::string report_;
  std::map<process, std::string> known_;
  std::vector<std::string> mistakes_;
  /// Processes that may have had cgroups.
  std::set<pid_t> hosts_;
  /// The same, for processes whose keepers are killed along with them.
  std::set<pid_t> nested_;
  /// Cgroups from before, perhaps of a process of the same number.
  std::set<std::string> old_cgroups_;
  std::set<std::string> old_files_;
};

} // namespace procession::soak
