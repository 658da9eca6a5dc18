#include "procession/platform/posix/cgroup_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

namespace procession::posix {

namespace {

/// Calls `f` with the name of every cgroup right below, until it returns
/// false; returns false then, or if they cannot be listed.
template <class F>
bool for_each_below(int directory, F f) {
  // Another description of it, as each has one position.
  auto copy = open_directory(directory, ".");
  auto close = [](DIR* x) { ::closedir(x); };
  auto entries = std::unique_ptr<DIR, decltype(close)>{
    copy ? ::fdopendir(copy.get()) : nullptr, close};
  if (!entries)
    return false;
  copy.release();
  while (auto* entry = ::readdir(entries.get()))
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      if (!f(entry->d_name))
        return false;
  return true;
}

/// What cgroup.events says now; nothing if the cgroup is gone (ENODEV).
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
  auto file = unique_fd{
    ::openat(directory, "cgroup.kill", O_WRONLY | O_CLOEXEC)};
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
  {
    auto fd = unique_fd{
      ::openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC)};
    auto close = [](FILE* x) { std::fclose(x); };
    auto file = std::unique_ptr<FILE, decltype(close)>{
      fd ? ::fdopen(fd.get(), "r") : nullptr, close};
    if (!file)
      return false;
    fd.release();
    int pid;
    while (std::fscanf(file.get(), "%d", &pid) == 1)
      // 0: of another PID namespace.
      if (pid > 0)
        result.push_back(pid);
  }
  return for_each_below(directory, [&](const char* below) {
    auto child = open_directory(directory, below);
    return child ? list_processes(child.get(), result) : errno == ENOENT;
  });
}

bool remove_empty_cgroup(int parent, const char* name) noexcept {
  return ::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT
         || errno == ENODEV;
}

bool remove_cgroup(int parent, const char* name) noexcept {
  if (remove_empty_cgroup(parent, name))
    return true;
  if (errno != EBUSY)
    return false;
  // Busy with processes or with cgroups below: the error is the same.
  auto directory = open_directory(parent, name);
  if (!directory)
    return errno == ENOENT;
  return for_each_below(directory.get(),
                        [&](const char* below) {
                          return remove_cgroup(directory.get(), below);
                        })
         && remove_empty_cgroup(parent, name);
}

} // namespace procession::posix
