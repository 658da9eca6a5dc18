#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace procession::posix {

/// A cgroup of the cgroup v2 hierarchy.
struct cgroup_place {
  /// Where it is in the file system.
  std::string directory;
  /// What /proc/<pid>/cgroup calls it.
  std::string name;

  friend bool operator==(const cgroup_place&, const cgroup_place&) = default;
};

/// Finds the cgroup of the process whose /proc/<pid>/cgroup is `membership`
/// (cgroups(7)) below a mount that `mountinfo` lists
/// (proc_pid_mountinfo(5)), wherever that is: on hybrid systems version 2 is
/// not at /sys/fs/cgroup. Nothing if it is not visible from here.
std::optional<cgroup_place> find_cgroup(std::string_view mountinfo,
                                        std::string_view membership);

/// The cgroup of this process.
/// @param ec set if it cannot be read where that is (EMFILE).
std::optional<cgroup_place> own_cgroup(std::error_code& ec);

/// The name of the cgroup in `membership`, empty if there is none.
std::string_view cgroup_name(std::string_view membership);

/// Everything that is in a file of /proc or of a cgroup; empty, with `ec` set,
/// if it cannot be read.
std::string read_text(const std::string& path, std::error_code& ec);
std::string read_text(const std::string& path);

} // namespace procession::posix
