#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace procession::posix {

/// A cgroup of the cgroup v2 hierarchy.
struct cgroup_place {
  /// Its directory.
  std::string directory;
  /// Its name in /proc/<pid>/cgroup.
  std::string name;

  friend bool operator==(const cgroup_place&, const cgroup_place&) = default;
};

/// Finds the cgroup of the process whose /proc/<pid>/cgroup is `membership`
/// (cgroups(7)) below a mount in `mountinfo` (proc_pid_mountinfo(5)), wherever
/// that is: hybrid systems do not mount version 2 at /sys/fs/cgroup. Empty if
/// the cgroup is not visible from here.
std::optional<cgroup_place> find_cgroup(std::string_view mountinfo,
                                        std::string_view membership);

/// The cgroup of this process.
/// @param ec set if /proc cannot be read (EMFILE).
std::optional<cgroup_place> own_cgroup(std::error_code& ec);

/// The name of the cgroup in `membership`, empty if there is none.
std::string_view cgroup_name(std::string_view membership);

/// Reads a whole file of /proc or of a cgroup; returns an empty text, with `ec`
/// set, if it cannot be read.
std::string read_text(const std::string& path, std::error_code& ec);
std::string read_text(const std::string& path);

} // namespace procession::posix
