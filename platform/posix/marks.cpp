#include "procession/platform/posix/marks.hpp"

#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace procession::posix {

namespace {

/// Every mark has this bit and not the one above, for programs that take limits
/// for signed numbers.
constexpr auto mark_bit = std::uint64_t{1} << 62;
constexpr auto session_bits = 26;
constexpr auto session_mask = (std::uint64_t{1} << session_bits) - 1;
constexpr auto host_mask = (mark_bit - 1) & ~session_mask;

struct markable {
  int resource;
  /// Its name in /proc/PID/limits.
  std::string_view name;
};

/// In the order of choice: no program sets the first, real-time programs set
/// the second, and `ulimit -m` the third.
constexpr markable markables[] = {{RLIMIT_LOCKS, "\nMax file locks "},
                                  {RLIMIT_RTTIME, "\nMax realtime timeout "},
                                  {RLIMIT_RSS, "\nMax resident set "}};

/// The column of the hard limit in /proc/PID/limits: the soft limit's is 26, 20
/// characters wide and followed by a space (fs/proc/base.c).
constexpr std::size_t hard_column = 26 + 21;

/// Makes the bare call: 64 bits on every machine.
bool get_limit(int resource, std::uint64_t (&result)[2]) noexcept {
  return ::syscall(SYS_prlimit64, 0, resource, nullptr, result) == 0;
}

} // namespace

bool is_mark(std::uint64_t limit) noexcept {
  return limit >> 62 == 1;
}

std::string environment_entry(std::uint64_t mark) {
  char text[64];
  std::snprintf(text, sizeof(text), "%s%llx=%llu", marker_name,
                static_cast<unsigned long long>((mark & host_mask)
                                                >> session_bits),
                static_cast<unsigned long long>(mark & session_mask));
  return text;
}

std::uint64_t mark_of_entry(std::string_view entry) noexcept {
  if (entry.substr(0, sizeof(marker_name) - 1) != marker_name)
    return 0;
  // Both are short, and end with a character that belongs to neither.
  char text[64] = {};
  entry.substr(sizeof(marker_name) - 1).copy(text, sizeof(text) - 1);
  char* end = nullptr;
  auto host = std::strtoull(text, &end, 16);
  if (end == text || *end != '=')
    return 0;
  auto session = std::strtoull(end + 1, nullptr, 10);
  return mark_bit | ((host << session_bits) & host_mask)
         | (session & session_mask);
}

std::uint64_t hard_limit(std::string_view text, int resource) noexcept {
  for (auto& x : markables) {
    if (x.resource != resource)
      continue;
    auto at = text.find(x.name);
    if (at == std::string_view::npos)
      return 0;
    auto line = text.substr(at + 1);
    if (line.size() < hard_column + 21)
      return 0;
    char number[22] = {};
    line.substr(hard_column).copy(number, 20);
    // "unlimited" yields 0.
    return std::strtoull(number, nullptr, 10);
  }
  return 0;
}

host_marks::host_marks() {
  std::uint64_t random = 0;
  // Never short or interrupted for this few bytes (getrandom(2)).
  [[maybe_unused]] auto n = ::getrandom(&random, sizeof(random), 0);
  first_ = mark_bit | (random & host_mask);
  // A 32-bit kernel takes larger numbers for no limit.
  if (sizeof(long) < sizeof(std::uint64_t))
    return;
  for (auto& x : markables) {
    std::uint64_t now[2];
    // Setting the present value tells whether a filter forbids the call.
    if (!get_limit(x.resource, now) || now[1] != RLIM64_INFINITY
        || ::syscall(SYS_prlimit64, 0, x.resource, now, nullptr) != 0)
      continue;
    resource_ = x.resource;
    soft_ = now[0];
    return;
  }
}

mark_range host_marks::all() const noexcept {
  return {first_, first_ | session_mask};
}

std::uint64_t host_marks::take() {
  std::lock_guard guard{mutex_};
  std::uint64_t result;
  do
    result = first_ | (++next_ & session_mask);
  while (!in_use_.insert(result).second);
  return result;
}

void host_marks::give_back(std::uint64_t mark) {
  std::lock_guard guard{mutex_};
  in_use_.erase(mark);
}

marking_limit host_marks::limit(std::uint64_t mark) const noexcept {
  return {resource_, soft_ < mark ? soft_ : mark, mark};
}

std::vector<std::string> host_marks::keeper_args() const {
  return {std::to_string(first_), std::to_string(resource_)};
}

mark_range marks_from(const char* arg) noexcept {
  auto first = std::strtoull(arg, nullptr, 10);
  return {first, first | session_mask};
}

} // namespace procession::posix
