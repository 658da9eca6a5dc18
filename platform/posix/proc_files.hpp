#pragma once

#include "procession/platform/posix/fd.hpp"

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>

/// Reads /proc. The host and the keeper both use this, so it depends on libc
/// and libstdc++ alone.
namespace procession::posix {

/// A process, distinguished by its start from others that have the same number
/// at another time.
struct process_id {
  pid_t pid = 0;
  /// Clock ticks since boot (proc_pid_stat(5)).
  unsigned long long start = 0;

  friend auto operator<=>(const process_id&, const process_id&) = default;
};

/// The state of a process by proc_pid_stat(5).
struct process_stat {
  char state = '?';
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  unsigned long long flags = 0;
  unsigned long long threads = 0;
  unsigned long long start = 0;
  /// The address of its environment; 0 while a program is being loaded, and if
  /// we may not look into the process.
  unsigned long long environment_begin = 0;
  unsigned long long environment_end = 0;

  bool dead() const noexcept {
    // The main thread may end before the others: that is not a zombie.
    return state == 'X' || state == 'x' || (state == 'Z' && threads <= 1);
  }
};

/// The files of /proc.
class proc_files {
public:
  /// Opens /proc; sets `errno` if that fails.
  proc_files();

  explicit operator bool() const noexcept {
    return static_cast<bool>(proc_);
  }

  /// Calls `f` with the number of every process, in rising order.
  /// @param f returns whether the process is alive.
  void for_each_process(const std::function<bool(pid_t)>& f);

  /// @returns whether the process is there.
  bool read_stat(pid_t pid, process_stat& result);

  /// Returns the hard limit of a resource; 0 if it cannot be read.
  std::uint64_t read_limit(pid_t pid, int resource);

  /// Reads the environment of a process with status `x`, for `environment` and
  /// `readable`.
  void read_environment(pid_t pid, const process_stat& x);

  /// The environment read last; empty if it is another user's.
  const std::string& environment() const noexcept {
    return environment_;
  }

  /// Whether we may read that environment.
  bool readable() const noexcept {
    return readable_;
  }

  /// Like the function of that name.
  unique_fd open_process(const process_id& x, std::error_code& ec);

  /// Whether a lack of descriptors prevented a read.
  bool out_of_descriptors() const noexcept {
    return out_of_descriptors_;
  }

private:
  unique_fd open(const char* path);
  void note(int os_code);
  void read_all(const char* path);

  unique_fd proc_;
  std::string environment_;
  bool readable_ = false;
  bool out_of_descriptors_ = false;
};

/// Identifies the process that has the number now; `start` is 0 if there is
/// none.
process_id identify(pid_t pid);

/// Opens a pidfd for that very process. Empty if it has ended; `ec` is set if
/// it cannot be opened (EMFILE, ENFILE).
unique_fd open_process(const process_id& x, std::error_code& ec);

} // namespace procession::posix
