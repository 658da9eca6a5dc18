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
  char text[256];
  // ENODEV: the cgroup is gone.
  auto n = ::pread(events, text, sizeof(text), 0);
  return n > 0
         && std::string_view{text, static_cast<std::size_t>(n)}.find(
              "populated 1")
              != std::string_view::npos;
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

bool remove_cgroup(int parent, const char* name) noexcept {
  auto removed = [&] {
    return ::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT
           || errno == ENODEV;
  };
  if (removed())
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
         && removed();
}

} // namespace procession::posix
