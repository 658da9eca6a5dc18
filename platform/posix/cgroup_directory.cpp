#include "procession/platform/posix/cgroup_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace procession::posix {

namespace {

/// The number of processes that are pinned at a time.
constexpr std::size_t max_pinned = 64;

/// The number of descriptors that `walk` needs at a time.
constexpr std::size_t walk_descriptors = 2;

/// Opens `name` below `parent`. Changes a mode that forbids it: a program with
/// access to one of our cgroups may have removed our own rights.
unique_fd open_below(int parent, const char* name, int flags, mode_t mode) {
  auto result = unique_fd{::openat(parent, name, flags | O_CLOEXEC)};
  if (!result && errno == EACCES && ::fchmodat(parent, name, mode, 0) == 0)
    result.reset(::openat(parent, name, flags | O_CLOEXEC));
  return result;
}

unique_fd open_child(int parent, const char* name) {
  return open_below(parent, name, O_RDONLY | O_DIRECTORY, 0700);
}

/// Lists the cgroups directly below. Sets `errno` if it returns false.
bool list_below(int directory, std::vector<std::string>& result) {
  // A new open file description, since each has one position.
  auto copy = open_directory(directory, ".");
  auto close = [](DIR* x) { ::closedir(x); };
  auto entries = std::unique_ptr<DIR, decltype(close)>{
    copy ? ::fdopendir(copy.get()) : nullptr, close};
  if (!entries)
    return false;
  copy.release();
  while (auto* entry = ::readdir(entries.get()))
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      result.push_back(entry->d_name);
  return true;
}

/// Visits a cgroup and all below it, and returns by "..", so that depth costs
/// no descriptors. Continues after failures.
/// @param enter called with the directory of each, before those below it.
/// @param leave called with the directory of the parent and the name of each
///        but the first, after those below it.
/// @returns false, and sets `errno` to the first failure, if some were missed.
template <class Enter, class Leave>
bool walk(int top, Enter enter, Leave leave) {
  struct level {
    std::string name;
    std::vector<std::string> rest;
  };
  auto os_code = 0;
  auto note = [&](bool ok) {
    // It may have been removed meanwhile.
    if (!ok && os_code == 0 && errno != ENOENT && errno != ENODEV)
      os_code = errno;
  };
  std::vector<level> levels;
  auto at = open_directory(top, ".");
  auto go_in = [&](std::string name) {
    note(enter(at.get()));
    auto& entered = levels.emplace_back();
    entered.name = std::move(name);
    note(list_below(at.get(), entered.rest));
  };
  if (!at)
    return false;
  go_in({});
  while (true) {
    if (auto& rest = levels.back().rest; !rest.empty()) {
      auto name = std::move(rest.back());
      rest.pop_back();
      auto child = open_child(at.get(), name.c_str());
      note(static_cast<bool>(child));
      if (child) {
        at = std::move(child);
        go_in(std::move(name));
      }
      continue;
    }
    if (levels.size() == 1)
      break;
    auto parent = open_directory(at.get(), "..");
    note(static_cast<bool>(parent));
    if (!parent)
      break;
    at = std::move(parent);
    note(leave(at.get(), levels.back().name.c_str()));
    levels.pop_back();
  }
  errno = os_code;
  return os_code == 0;
}

/// Adds the processes of this cgroup alone.
bool list_own_processes(int directory, std::vector<pid_t>& result) {
  auto fd = open_below(directory, "cgroup.procs", O_RDONLY, 0600);
  auto close = [](FILE* x) { std::fclose(x); };
  auto file = std::unique_ptr<FILE, decltype(close)>{
    fd ? ::fdopen(fd.get(), "r") : nullptr, close};
  if (!file)
    return false;
  fd.release();
  int pid;
  while (std::fscanf(file.get(), "%d", &pid) == 1)
    // 0 stands for a process of another PID namespace.
    if (pid > 0)
      result.push_back(pid);
  return true;
}

/// The present text of cgroup.events; empty if the cgroup is gone (ENODEV).
class events_text {
public:
  explicit events_text(int events) noexcept
    : size_(::pread(events, text_, sizeof(text_), 0)) {
    // nop
  }

  bool has(std::string_view x) const noexcept {
    auto size = size_ > 0 ? static_cast<std::size_t>(size_) : 0;
    return std::string_view{text_, size}.find(x) != std::string_view::npos;
  }

private:
  char text_[256];
  ssize_t size_;
};

} // namespace

unique_fd open_directory(int parent, const char* name) noexcept {
  return unique_fd{::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

bool kill_cgroup(int directory) noexcept {
  auto file = open_below(directory, "cgroup.kill", O_WRONLY, 0600);
  return file && ::write(file.get(), "1", 1) == 1;
}

unique_fd open_cgroup_events(int directory) noexcept {
  return unique_fd{::openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC)};
}

bool populated(int events) noexcept {
  return events_text{events}.has("populated 1");
}

bool vacant(int events) noexcept {
  auto text = events_text{events};
  return text.has("populated 0") && !text.has("frozen 1");
}

bool list_processes(int directory, std::vector<pid_t>& result) {
  return walk(
    directory, [&](int at) { return list_own_processes(at, result); },
    [](int, const char*) { return true; });
}

bool signal_processes(int directory, int signo,
                      const std::function<bool(pid_t)>& wanted) {
  std::vector<pid_t> left;
  auto os_code = list_processes(directory, left) ? 0 : errno;
  auto note = [&](int code) {
    if (code != ESRCH && os_code == 0)
      os_code = code;
  };
  while (!left.empty()) {
    // Reserves descriptors for one more walk.
    std::array<unique_fd, walk_descriptors> room;
    for (auto& x : room)
      x = open_directory(directory, ".");
    std::vector<std::pair<pid_t, unique_fd>> pinned;
    std::error_code ec;
    while (!left.empty() && pinned.size() < max_pinned) {
      auto pidfd = open_pidfd(left.back(), ec);
      if (!pidfd && no_descriptor_left(ec.value()) && !pinned.empty())
        break;
      if (!pidfd)
        note(std::exchange(ec, {}).value());
      else
        pinned.emplace_back(left.back(), std::move(pidfd));
      left.pop_back();
    }
    for (auto& x : room)
      x.reset();
    // A number that is still listed belongs to the pinned process, unless that
    // has ended.
    std::vector<pid_t> still;
    if (!list_processes(directory, still))
      note(errno);
    std::sort(still.begin(), still.end());
    for (auto& [pid, pidfd] : pinned)
      if (std::binary_search(still.begin(), still.end(), pid) && wanted(pid)
          && !send_signal(pidfd, signo))
        note(errno);
  }
  errno = os_code;
  return os_code == 0;
}

bool kill_processes(int directory) {
  auto all = [](pid_t) { return true; };
  auto killed = kill_cgroup(directory);
  auto os_code = errno;
  if (!signal_processes(directory, SIGKILL, all))
    return false;
  errno = os_code;
  return killed;
}

bool remove_empty_cgroup(int parent, const char* name) noexcept {
  return ::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT
         || errno == ENODEV;
}

bool remove_cgroup(int parent, const char* name) {
  if (remove_empty_cgroup(parent, name))
    return true;
  // It is busy with processes or with cgroups below: the error is the same.
  auto directory = open_child(parent, name);
  if (!directory)
    return errno == ENOENT;
  walk(
    directory.get(), [](int) { return true; },
    [](int above, const char* below) {
      return remove_empty_cgroup(above, below)
             || (errno == EACCES && ::fchmod(above, 0700) == 0
                 && remove_empty_cgroup(above, below));
    });
  return remove_empty_cgroup(parent, name);
}

} // namespace procession::posix
