#include "procession/platform/posix/cgroup_changes.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string_view>

namespace procession::posix {

namespace {

/// Whether a write to that file changes nothing, or is the kernel's when
/// processes come and go (kernfs_notify).
bool harmless(std::string_view file) {
  auto ends = [&](std::string_view x) {
    return file.size() >= x.size() && file.substr(file.size() - x.size()) == x;
  };
  return file == "cgroup.procs" || file == "cgroup.threads" || ends(".events")
         || ends(".events.local");
}

} // namespace

int cgroup_changes::watch(const std::string& path) {
  std::lock_guard guard{mutex_};
  std::error_code ec;
  if (!inotify_)
    inotify_ = at_least_3(unique_fd{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)},
                          ec);
  if (!inotify_)
    return -1;
  auto result = ::inotify_add_watch(inotify_.get(), path.c_str(),
                                    IN_MODIFY | IN_ATTRIB | IN_CREATE
                                      | IN_ONLYDIR);
  last_ = std::max(last_, result);
  return result;
}

bool cgroup_changes::changed(int watch) {
  std::lock_guard guard{mutex_};
  if (watch < 0)
    return true;
  read_events();
  return watch <= unknown_ || changed_.count(watch) != 0;
}

void cgroup_changes::read_events() {
  alignas(inotify_event) char buffer[4096];
  constexpr ssize_t longest = sizeof(inotify_event) + NAME_MAX + 1;
  ssize_t size;
  do {
    size = ::read(inotify_.get(), buffer, sizeof(buffer));
    for (ssize_t at = 0; at < size;) {
      auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      auto file = std::string_view{event->len > 0 ? event->name : ""};
      if ((event->mask & IN_Q_OVERFLOW) != 0)
        unknown_ = last_;
      else if ((event->mask & IN_IGNORED) != 0)
        changed_.erase(event->wd);
      else if ((event->mask & IN_MODIFY) == 0 || !harmless(file))
        changed_.insert(event->wd);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
    // If this much room was left, there were no more events.
  } while (size > static_cast<ssize_t>(sizeof(buffer)) - longest);
}

} // namespace procession::posix
