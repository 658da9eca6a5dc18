#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

/// The processes of a soak as the system tells of them, without the library.
namespace procession::soak {

/// A process by its number and its start (field 22 of proc_pid_stat(5)), which
/// no other one has.
struct process {
  pid_t pid = 0;
  std::uint64_t start = 0;

  friend auto operator<=>(const process&, const process&) = default;
};

/// What this process has of the system.
struct holdings {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  /// Bytes of memory in use (RssAnon of proc_pid_status(5)).
  std::uint64_t memory = 0;
};

holdings count_holdings();

/// Children of this process, zombies among them.
std::vector<pid_t> children();

/// Children of a process that have that name (comm).
std::vector<pid_t> children_named(pid_t of, const std::string& name);

/// A line for each process that has these words in its command line, between
/// spaces: its number, state and where it sleeps.
std::vector<std::string> processes_with(const std::string& words);

/// A line for each of our threads and children: where it sleeps, and in which
/// system call (proc_pid_syscall(5)).
std::vector<std::string> threads_and_children();

/// The processes that have to be gone at the end.
class census {
public:
  /// @param report where programs report themselves. It is created, anybody may
  ///        append to it, and its path is in the command lines of all of them.
  explicit census(std::string report);
  census(const census&) = delete;
  census& operator=(const census&) = delete;
  ~census();

  const std::string& report() const noexcept {
    return report_;
  }

  /// Notes a process and all of its descendants as they are now: it is about
  /// to be killed, and they have to go with it.
  /// @param inside whether it is in a tree of another host, as runners are.
  void condemn(pid_t pid, bool inside);

  /// This process has sessions of its own, so cgroups of it must go too.
  void count_as_host();

  /// Waits until all that were reported or condemned are gone, and their
  /// cgroups with them. What is left by then is killed: one soak leaves nothing
  /// to the next, nor to the machine. Files where programs put those that are
  /// temporary count as well.
  /// @returns a line for each that is not, or that reported a mistake.
  std::vector<std::string> await_end(std::chrono::seconds patience);

  /// Kills all that were reported or condemned.
  void kill_all();

  /// How many processes it has looked for.
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
  /// Those that may have had cgroups.
  std::set<pid_t> hosts_;
  /// The same, but their keepers are to be killed along with them.
  std::set<pid_t> nested_;
  /// Those that were there before, perhaps of a process of the same number.
  std::set<std::string> old_cgroups_;
  std::set<std::string> old_files_;
};

} // namespace procession::soak
