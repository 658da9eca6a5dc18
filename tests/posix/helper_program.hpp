#pragma once

#include "procession/platform/posix/fd.hpp"

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace procession::test {

/// A program of tests/helpers that runs beside the test, not in a session, so
/// that it is a host of its own. Killed and reaped with this object.
class helper_program {
public:
  helper_program(const std::string& name, std::vector<std::string> args);
  helper_program(const helper_program&) = delete;
  helper_program& operator=(const helper_program&) = delete;
  ~helper_program();

  /// Reads a line of its output, without the newline. @returns false at the
  /// end.
  bool read_line(std::string& line);

  /// Reads lines "NAME VALUE" of its output until each name has come.
  /// @returns the values by name; some are missing if it ended before.
  std::map<std::string, std::string> told(const std::set<std::string>& names);

  pid_t pid() const noexcept {
    return pid_;
  }

  /// Sends SIGKILL to it alone.
  void kill();

  /// Waits for its end. @returns the exit code, or -1.
  int wait();

private:
  pid_t pid_ = -1;
  posix::unique_fd pidfd_;
  posix::unique_fd output_;
  std::string buffer_;
  bool reaped_ = false;
  int code_ = -1;
};

/// Returns the zombies among this process's children.
std::vector<pid_t> zombies();

/// Returns the number of entries of a directory such as /proc/self/fd.
std::size_t count_entries(const std::string& directory);

} // namespace procession::test
