#include "procession/platform/posix/proc_files.hpp"

#include "procession/platform/posix/marks.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace procession::posix {

namespace {

/// Calls `f` with each entry that is a number until it returns false.
/// @param from the present position of the directory.
/// @returns the position of the last entry, to read on from there, inclusive.
template <class F>
off_t for_each_number(int directory, off_t from, F f) {
  alignas(dirent64) char buffer[512];
  ssize_t size;
  auto last = from;
  auto next = from;
  while ((size = ::getdents64(directory, buffer, sizeof(buffer))) > 0)
    for (ssize_t at = 0; at < size;) {
      auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      last = std::exchange(next, entry->d_off);
      if (auto number = std::atol(entry->d_name); number > 0)
        if (!f(static_cast<pid_t>(number)))
          return last;
      at += entry->d_reclen;
    }
  return last;
}

} // namespace

proc_files::proc_files()
  : proc_(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  // nop
}

void proc_files::for_each_process(const std::function<bool(pid_t)>& f) {
  pid_t last = 1;
  off_t offset = 0;
  while (true) {
    auto before = last;
    // Numbers rise, so the children that a process forked before it died come
    // after it in the list. But they may have been missing when the list was
    // read, so it is read anew from a dead process on, and from the end.
    offset = for_each_number(proc_.get(), offset, [&](pid_t pid) {
      if (pid <= last)
        return true;
      last = pid;
      return f(pid);
    });
    if (last == before)
      return;
    ::lseek(proc_.get(), offset, SEEK_SET);
  }
}

bool proc_files::read_stat(pid_t pid, process_stat& result) {
  char path[32];
  std::snprintf(path, sizeof(path), "%d/stat", static_cast<int>(pid));
  auto file = open(path);
  if (!file)
    return false;
  char text[1024];
  auto n = ::read(file.get(), text, sizeof(text) - 1);
  if (n <= 0)
    return false;
  text[n] = '\0';
  // The name in parentheses may itself contain any character.
  auto* rest = std::strrchr(text, ')');
  if (rest == nullptr || rest[1] == '\0')
    return false;
  result.state = rest[2];
  rest += 3;
  // Numbered as in the man page; the state is 3.
  std::array<unsigned long long, 52> fields{};
  for (std::size_t i = 4; i < fields.size(); ++i)
    fields[i] = std::strtoull(rest, &rest, 10);
  result.parent = static_cast<pid_t>(fields[4]);
  result.group = static_cast<pid_t>(fields[5]);
  result.session = static_cast<pid_t>(fields[6]);
  result.flags = fields[9];
  result.threads = fields[20];
  result.start = fields[22];
  result.environment_begin = fields[50];
  result.environment_end = fields[51];
  return true;
}

std::uint64_t proc_files::read_limit(pid_t pid, int resource) {
  char path[32];
  std::snprintf(path, sizeof(path), "%d/limits", static_cast<int>(pid));
  auto file = open(path);
  char text[4096];
  auto n = file ? ::read(file.get(), text, sizeof(text)) : 0;
  return n <= 0 ? 0 : hard_limit({text, static_cast<std::size_t>(n)}, resource);
}

void proc_files::read_environment(pid_t pid, const process_stat& x) {
  char path[64];
  auto number = static_cast<int>(pid);
  std::snprintf(path, sizeof(path), "%d/environ", number);
  read_all(path);
  if (x.state != 'Z')
    return;
  // The main thread has taken its view of the memory with it.
  std::snprintf(path, sizeof(path), "%d/task", number);
  auto tasks = open(path);
  if (tasks)
    for_each_number(tasks.get(), 0, [&](pid_t tid) {
      std::snprintf(path, sizeof(path), "%d/task/%d/environ", number,
                    static_cast<int>(tid));
      read_all(path);
      return environment_.empty();
    });
}

void proc_files::read_all(const char* path) {
  std::size_t size = 0;
  auto file = open(path);
  readable_ = static_cast<bool>(file);
  if (file) {
    while (true) {
      if (environment_.size() < size + 4096)
        environment_.resize(size + 16 * 1024);
      auto n = ::read(file.get(), environment_.data() + size,
                      environment_.size() - size);
      if (n <= 0)
        break;
      size += static_cast<std::size_t>(n);
    }
  }
  environment_.resize(size);
}

unique_fd proc_files::open_process(const process_id& x, std::error_code& ec) {
  auto result = open_pidfd(x.pid, ec);
  if (ec.value() == ESRCH)
    ec.clear();
  note(ec.value());
  if (!result)
    return result;
  process_stat stat;
  errno = 0;
  if (!read_stat(x.pid, stat)) {
    if (no_descriptor_left(errno))
      ec = last_error();
    result.reset();
  } else if (stat.start != x.start || stat.dead()) {
    result.reset();
  }
  return result;
}

unique_fd proc_files::open(const char* path) {
  auto result = unique_fd{::openat(proc_.get(), path, O_RDONLY | O_CLOEXEC)};
  if (!result)
    note(errno);
  return result;
}

void proc_files::note(int os_code) {
  if (no_descriptor_left(os_code))
    out_of_descriptors_ = true;
}

process_id identify(pid_t pid) {
  proc_files proc;
  process_stat stat;
  return {pid, proc && proc.read_stat(pid, stat) ? stat.start : 0};
}

unique_fd open_process(const process_id& x, std::error_code& ec) {
  proc_files proc;
  if (!proc)
    ec = last_error();
  return proc ? proc.open_process(x, ec) : unique_fd{};
}

} // namespace procession::posix
