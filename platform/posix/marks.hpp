#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// The marks that the processes of a session inherit. The host and the keeper
/// both use this, so it depends on libc and libstdc++ alone.
///
/// A mark is a number. It stands in two places:
///
/// - As the hard limit of a resource that so high a number does not limit:
///   RLIMIT_LOCKS and RLIMIT_RSS, which Linux has not enforced since 2.4, or
///   RLIMIT_RTTIME, in microseconds (setrlimit(2)). The limit survives another
///   program, user or session and an empty environment, and everyone may read
///   it (/proc/PID/limits, proc_pid_limits(5)). To raise it takes
///   CAP_SYS_RESOURCE. A process that sets it on purpose escapes, and so do
///   programs started by `su` where pam_limits(8) resets all limits.
/// - As an entry of the environment, which is easily lost.
///
/// A host takes the first of the resources that is unlimited for itself. A host
/// in a session of another host bears the other's mark, hence takes the next
/// resource, and its sessions bear both marks. Below three hosts no resource is
/// left.
namespace procession::posix {

/// The numbers from `first` to `last`, both included; empty if `last` is less.
struct mark_range {
  std::uint64_t first = 1;
  std::uint64_t last = 0;

  bool contains(std::uint64_t x) const noexcept {
    return first <= x && x <= last;
  }
};

/// The places to search for marks.
struct mark_places {
  /// RLIMIT_LOCKS, RLIMIT_RTTIME or RLIMIT_RSS, or -1.
  int limit = -1;
  bool environment = false;
};

/// A limit to be set: soft and hard.
struct marking_limit {
  int resource = -1;
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

/// The beginning of the environment entry. The host's part of the mark is part
/// of the variable's name, so that nested hosts do not overwrite each other's.
inline constexpr char marker_name[] = "PROCESSION_SESSION_";

/// Whether a hard limit is a mark, of whatever host.
bool is_mark(std::uint64_t limit) noexcept;

/// The entry (`NAME=value`) for a mark.
std::string environment_entry(std::uint64_t mark);

/// The mark of an entry; 0 if it has none.
std::uint64_t mark_of_entry(std::string_view entry) noexcept;

/// The hard limit of a resource in the text of /proc/PID/limits; 0 if it is
/// unlimited or missing. Only for resources that marks use.
std::uint64_t hard_limit(std::string_view text, int resource) noexcept;

/// The marks of one host: 62 bits, of which the upper 36 are the host's and
/// random. From any thread.
class host_marks {
public:
  /// Also finds the resource for marks: one that is unlimited, and that the
  /// system lets us set.
  host_marks();

  /// All marks that `take` may ever return.
  mark_range all() const noexcept;

  /// The resource, or -1.
  int resource() const noexcept {
    return resource_;
  }

  /// Takes a mark that is not in use.
  std::uint64_t take();

  void give_back(std::uint64_t mark);

  /// The limit by which a process bears the mark; without a resource if none is
  /// free.
  marking_limit limit(std::uint64_t mark) const noexcept;

  /// The keeper's arguments about marks, see `mark_places` and `mark_range`.
  std::vector<std::string> keeper_args() const;

private:
  std::uint64_t first_;
  int resource_ = -1;
  std::uint64_t soft_ = 0;
  std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::set<std::uint64_t> in_use_;
};

/// The marks of a host, from its `keeper_args`.
mark_range marks_from(const char* arg) noexcept;

} // namespace procession::posix
