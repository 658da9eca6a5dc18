#include "census.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace procession::soak {

namespace {

namespace fs = std::filesystem;

using clock = std::chrono::steady_clock;

struct process_stat {
  std::string name;
  char state = '?';
  pid_t parent = 0;
  std::uint64_t start = 0;
};

/// Returns the readable part of a file; a process may go while its files are
/// read.
std::string text_of(const std::string& path) {
  std::string result;
  auto fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  char part[4096];
  ssize_t n;
  while (fd >= 0 && (n = ::read(fd, part, sizeof(part))) > 0)
    result.append(part, static_cast<std::size_t>(n));
  if (fd >= 0)
    ::close(fd);
  return result;
}

std::optional<process_stat> stat_of(pid_t pid) {
  auto text = text_of("/proc/" + std::to_string(pid) + "/stat");
  auto open = text.find('(');
  auto close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos)
    return std::nullopt;
  process_stat result;
  result.name = text.substr(open + 1, close - open - 1);
  std::istringstream rest{text.substr(close + 1)};
  rest >> result.state >> result.parent;
  std::string skipped;
  for (auto field = 5; field < 22; ++field)
    rest >> skipped;
  rest >> result.start;
  return result;
}

std::map<pid_t, process_stat> all_processes() {
  std::map<pid_t, process_stat> result;
  std::error_code ec;
  for (auto& entry : fs::directory_iterator{"/proc", ec}) {
    auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos)
      continue;
    auto pid = static_cast<pid_t>(std::stol(name));
    if (auto x = stat_of(pid))
      result.emplace(pid, std::move(*x));
  }
  return result;
}

int milliseconds_until(clock::time_point deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline
                                                           - clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

/// Waits until the process is gone, or a zombie, and kills it at the deadline.
/// @returns whether it was in time.
bool await_process(const process& x, clock::time_point deadline) {
  auto fd = static_cast<int>(::syscall(SYS_pidfd_open, x.pid, 0));
  if (fd < 0)
    return errno == ESRCH;
  auto gone = true;
  // Read with the pidfd open: the number cannot be another process's by now.
  if (auto now = stat_of(x.pid); now && now->start == x.start) {
    auto entry = pollfd{fd, POLLIN, 0};
    gone = ::poll(&entry, 1, milliseconds_until(deadline)) == 1;
    if (!gone)
      ::syscall(SYS_pidfd_send_signal, fd, SIGKILL, nullptr, 0);
  }
  ::close(fd);
  return gone;
}

/// Returns the directory of our own cgroup (version 2); empty if there is none.
std::string cgroup_directory() {
  std::string own;
  std::istringstream memberships{text_of("/proc/self/cgroup")};
  for (std::string line; std::getline(memberships, line);)
    if (line.rfind("0::", 0) == 0)
      own = line.substr(3);
  std::istringstream mounts{text_of("/proc/self/mounts")};
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields{line};
    std::string device, place, type;
    fields >> device >> place >> type;
    if (type == "cgroup2" && !own.empty() && fs::exists(place + own))
      return place + own;
  }
  return {};
}

/// Waits until a cgroup below our own is removed. @returns false at the
/// deadline.
bool await_removal(const std::string& name, clock::time_point deadline) {
  auto parent = cgroup_directory();
  auto fd = ::inotify_init1(IN_CLOEXEC);
  if (fd < 0 || ::inotify_add_watch(fd, parent.c_str(), IN_DELETE) < 0)
    throw std::system_error{errno, std::system_category(), "inotify"};
  auto gone = false;
  auto in_time = true;
  while (!(gone = !fs::exists(parent + "/" + name)) && in_time) {
    auto entry = pollfd{fd, POLLIN, 0};
    in_time = ::poll(&entry, 1, milliseconds_until(deadline)) == 1;
    char events[4096];
    if (in_time && ::read(fd, events, sizeof(events)) < 0)
      in_time = false;
  }
  ::close(fd);
  return gone;
}

/// Removes a cgroup below our own with those below it, unless one of them has a
/// process.
bool remove_empty_cgroups(const std::string& name) {
  auto path = fs::path{cgroup_directory()} / name;
  std::vector<fs::path> all{path};
  std::error_code ec;
  for (auto& entry : fs::recursive_directory_iterator{path, ec})
    if (entry.is_directory())
      all.push_back(entry.path());
  // The deepest first.
  std::sort(all.rbegin(), all.rend());
  return std::all_of(all.begin(), all.end(), [](const fs::path& x) {
    return ::rmdir(x.c_str()) == 0 || errno == ENOENT;
  });
}

/// Returns the names of the cgroups below our own.
std::set<std::string> cgroups() {
  std::set<std::string> result;
  std::error_code ec;
  for (auto& entry : fs::directory_iterator{cgroup_directory(), ec})
    result.insert(entry.path().filename());
  return result;
}

/// Returns the temporary files with a name of the library's. The soak's own
/// have other names.
std::set<std::string> files() {
  std::set<std::string> result;
  auto* own = ::getenv("XDG_RUNTIME_DIR");
  for (auto* directory : {static_cast<const char*>(own), "/run", "/dev/shm",
                          "/tmp", "/var/tmp"}) {
    std::error_code ec;
    for (auto& entry :
         fs::directory_iterator{directory == nullptr ? "" : directory, ec})
      if (entry.path().filename().string().rfind("procession-", 0) == 0)
        result.insert(entry.path());
  }
  return result;
}

} // namespace

holdings count_holdings() {
  auto entries = [](const char* directory) {
    return static_cast<std::size_t>(
      std::distance(fs::directory_iterator{directory}, {}));
  };
  holdings result;
  // Without the one by which they are counted.
  result.descriptors = entries("/proc/self/fd") - 1;
  result.threads = entries("/proc/self/task");
  auto status = text_of("/proc/self/status");
  auto at = status.find("RssAnon:");
  if (at != std::string::npos)
    result.memory = std::stoull(status.substr(at + 8)) * 1024;
  return result;
}

std::vector<pid_t> children() {
  std::vector<pid_t> result;
  for (auto& [pid, x] : all_processes())
    if (x.parent == ::getpid())
      result.push_back(pid);
  return result;
}

std::vector<pid_t> children_named(pid_t of, const std::string& name) {
  std::vector<pid_t> result;
  for (auto& [pid, x] : all_processes())
    // A name is cut off after 15 characters.
    if (x.parent == of && x.state != 'Z' && x.name == name.substr(0, 15))
      result.push_back(pid);
  return result;
}

std::vector<std::string> processes_with(const std::string& words) {
  std::vector<std::string> result;
  for (auto& [pid, x] : all_processes()) {
    auto directory = "/proc/" + std::to_string(pid);
    auto line = text_of(directory + "/cmdline");
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (line.find(words) != std::string::npos)
      result.push_back("process " + std::to_string(pid) + " of "
                       + std::to_string(x.parent) + ", " + x.state + " in "
                       + text_of(directory + "/wchan") + ": " + line);
  }
  return result;
}

std::vector<std::string> threads_and_children() {
  auto describe = [](const std::string& directory) {
    auto line = text_of(directory + "/comm") + text_of(directory + "/wchan")
                + ", system call " + text_of(directory + "/syscall");
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
  };
  std::vector<std::string> result;
  for (auto& entry : fs::directory_iterator{"/proc/self/task"})
    result.push_back("thread " + entry.path().filename().string() + ": "
                     + describe(entry.path()));
  for (auto pid : children())
    result.push_back("child " + std::to_string(pid) + ": "
                     + describe("/proc/" + std::to_string(pid)));
  return result;
}

census::census(std::string report) : report_(std::move(report)) {
  auto fd = ::open(report_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC,
                   0666);
  // Regardless of our umask: runners of another user report as well.
  if (fd < 0 || ::fchmod(fd, 0666) != 0)
    throw std::runtime_error{report_ + " cannot be written"};
  ::close(fd);
  old_cgroups_ = cgroups();
  old_files_ = files();
}

census::~census() {
  ::unlink(report_.c_str());
}

void census::condemn(pid_t pid, bool inside) {
  auto all = all_processes();
  if (auto i = all.find(pid); i != all.end())
    known_.emplace(process{pid, i->second.start}, i->second.name);
  (inside ? nested_ : hosts_).insert(pid);
  std::vector<pid_t> parents{pid};
  while (!parents.empty()) {
    auto parent = parents.back();
    parents.pop_back();
    for (auto& [child, x] : all) {
      if (x.parent != parent)
        continue;
      known_.emplace(process{child, x.start}, x.name);
      nested_.insert(child);
      parents.push_back(child);
    }
  }
}

void census::count_as_host() {
  hosts_.insert(::getpid());
}

void census::read_report() {
  std::istringstream lines{text_of(report_)};
  mistakes_.clear();
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string what, rest;
    process x;
    words >> what;
    if (what == "pid" && words >> x.pid >> x.start && std::getline(words, rest))
      known_.emplace(x, "session's" + rest);
    else
      mistakes_.push_back("a program reports: " + line);
  }
}

std::vector<std::string> census::await_end(std::chrono::seconds patience) {
  auto deadline = clock::now() + patience;
  read_report();
  std::vector<std::string> result;
  for (auto& [x, name] : known_)
    if (!await_process(x, deadline))
      result.push_back("process " + std::to_string(x.pid) + " (" + name
                       + ") is still there");
  // A process that did not report itself in time has this in its command line.
  auto word = "report=" + report_ + '\0';
  for (auto& [pid, x] : all_processes()) {
    auto words = text_of("/proc/" + std::to_string(pid) + "/cmdline");
    if (words.find(word) == std::string::npos || x.state == 'Z'
        || known_.count({pid, x.start}) != 0)
      continue;
    if (!await_process({pid, x.start}, deadline))
      result.push_back("process " + std::to_string(pid)
                       + ", which has not reported itself, is still there");
  }
  // A keeper that had only just started is not known yet.
  for (auto& x : leftover_cgroups())
    if (!await_removal(x, deadline))
      result.push_back("cgroup " + x + " is still there");
  for (auto& x : leftover_files())
    result.push_back("file " + x + " is still there");
  read_report();
  result.insert(result.end(), mistakes_.begin(), mistakes_.end());
  return result;
}

void census::kill_all() {
  read_report();
  for (auto& [x, name] : known_)
    await_process(x, clock::now());
}

std::vector<std::string> census::leftover_files() const {
  std::vector<std::string> result;
  std::ranges::set_difference(files(), old_files_, std::back_inserter(result));
  return result;
}

std::vector<std::string> census::leftover_cgroups() const {
  auto is_of = [](const std::set<pid_t>& whose, const std::string& name) {
    return std::any_of(whose.begin(), whose.end(), [&](pid_t pid) {
      return name.rfind("procession-" + std::to_string(pid) + "-", 0) == 0;
    });
  };
  std::vector<std::string> result;
  for (auto& name : cgroups()) {
    if (old_cgroups_.count(name) != 0)
      continue;
    // A host inside of a session is killed with its keeper, which would have
    // removed its cgroup: an empty one may be left, see SECURITY.md.
    // So may that of a host that was killed before it had a keeper.
    auto bare = is_of(nested_, name) || known_.size() == 1;
    auto left = (is_of(hosts_, name) || is_of(nested_, name))
                && !(bare && remove_empty_cgroups(name));
    if (left)
      result.push_back(name);
  }
  return result;
}

} // namespace procession::soak
