#include "procession/platform/posix/sweep.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace procession::posix {

namespace {

/// Passes of one hunt, lest others wait too long for theirs.
constexpr auto max_passes = 50;

constexpr unsigned long long kernel_thread = 0x00200000; // PF_KTHREAD

// Looks at a process that is loading a program: some tenths of a millisecond.
constexpr auto max_tries = 30;

constexpr auto none = static_cast<std::size_t>(-1);

/// Calls `f` with each entry that is a number until it returns false.
/// @param from where the directory stands.
/// @returns where to go back to for reading on from the last one, inclusive.
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

/// What proc_pid_stat(5) tells.
struct process_stat {
  char state = '?';
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  unsigned long long flags = 0;
  unsigned long long threads = 0;
  unsigned long long start = 0;
  /// Where its environment is; 0 while a program is being loaded, and for
  /// processes that are not ours to look into.
  unsigned long long environment_begin = 0;
  unsigned long long environment_end = 0;

  bool dead() const noexcept {
    // The main thread may end before the others; that is no zombie.
    return state == 'X' || state == 'x' || (state == 'Z' && threads <= 1);
  }
};

/// @param proc the directory /proc.
bool read_stat(int proc, pid_t pid, process_stat& result) {
  char path[32];
  std::snprintf(path, sizeof(path), "%d/stat", static_cast<int>(pid));
  auto file = unique_fd{::openat(proc, path, O_RDONLY | O_CLOEXEC)};
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

/// @param proc the directory /proc.
unique_fd open_process(int proc, const process_id& x, std::error_code& ec) {
  auto result = open_pidfd(x.pid, ec);
  if (ec.value() == ESRCH)
    ec.clear();
  if (!result)
    return result;
  process_stat stat;
  errno = 0;
  if (!read_stat(proc, x.pid, stat)) {
    if (errno == EMFILE || errno == ENFILE)
      ec = last_error();
    result.reset();
  } else if (stat.start != x.start || stat.dead()) {
    result.reset();
  }
  return result;
}

struct process_entry {
  pid_t pid = 0;
  process_stat stat;
  /// Index of the target it belongs to.
  std::size_t target = none;
};

/// One pass.
class pass {
public:
  /// @param stopping whether to stop at once what is found.
  pass(mark_places where, const std::vector<sweep_target>& targets,
       bool stopping)
    : where_(where), targets_(targets), stopping_(stopping),
      results_(targets.size()) {
    // nop
  }

  std::vector<sweep_result> run(std::error_code& ec) {
    proc_.reset(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!proc_) {
      ec = last_error();
      return std::move(results_);
    }
    prepare();
    look_at_all();
    extend();
    for (auto& result : results_)
      result.undecided = undecided_;
    if (out_of_descriptors_)
      ec.assign(EMFILE, std::system_category());
    return std::move(results_);
  }

private:
  /// Learns which leaders hold, and since when there can be anything to find.
  void prepare() {
    oldest_ = static_cast<unsigned long long>(-1);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      auto& target = targets_[i];
      by_mark_.emplace(target.marks.first, i);
      process_stat stat;
      // Our child, so the number is not another's.
      if (target.leader > 0 && read_stat(target.leader, stat)
          && stat.parent == ::getpid()) {
        by_session_.emplace(target.leader, i);
        oldest_ = std::min(oldest_, stat.start);
      } else {
        oldest_ = std::min(oldest_, target.since);
      }
    }
  }

  void look_at_all() {
    auto self = ::getpid();
    pid_t last = 1;
    off_t offset = 0;
    while (true) {
      auto before = last;
      // Numbers rise, so what a process forked before it died is behind it in
      // the list. But maybe it was not there yet when the list was read, so
      // from the dead on, and from the end, it is read anew.
      offset = for_each_number(proc_.get(), offset, [&](pid_t pid) {
        if (pid <= last)
          return true;
        last = pid;
        return pid == self || look_at(pid);
      });
      if (last == before)
        return;
      ::lseek(proc_.get(), offset, SEEK_SET);
    }
  }

  /// @returns whether it is alive.
  bool look_at(pid_t pid) {
    process_entry x;
    x.pid = pid;
    // Between two programs a process has no environment. If that is all it can
    // be told by, it is not let go then: it may do nothing but fork and load
    // programs.
    for (auto tries = 0; tries < max_tries; ++tries) {
      if (!read_stat(pid, x.stat) || x.stat.dead())
        return false;
      // Descendants are younger: the cheap question first.
      if (x.stat.start < oldest_ || (x.stat.flags & kernel_thread) != 0)
        return true;
      x.target = target_of(x);
      if (x.target != none || !loading(x.stat)) {
        found_.push_back(x);
        return x.target == none || take(x);
      }
      ::sched_yield();
    }
    undecided_ = true;
    found_.push_back(x);
    return true;
  }

  /// Whether the environment looked at last was none, rather than empty, and
  /// there is no other mark.
  bool loading(const process_stat& x) const {
    if (where_.limit >= 0 || !where_.environment)
      return false;
    auto empty = x.environment_end != 0
                 && x.environment_begin == x.environment_end;
    return readable_ && environment_.empty() && !empty;
  }

  std::size_t target_of(const process_entry& x) {
    if (auto i = by_session_.find(x.stat.session); i != by_session_.end())
      return i->second;
    auto limit = where_.limit >= 0 ? read_limit(x.pid) : 0;
    // Another's is not lost either; that is worth a look into the environment
    // saved.
    if (is_mark(limit) || !where_.environment)
      return marked(limit);
    read_environment(x);
    auto text = std::string_view{environment_};
    for (auto at = text.find(marker_name); at != std::string_view::npos;
         at = text.find(marker_name, at + 1)) {
      if (at != 0 && text[at - 1] != '\0')
        continue;
      auto entry = text.substr(at, text.find('\0', at) - at);
      if (auto i = marked(mark_of_entry(entry)); i != none)
        return i;
    }
    return none;
  }

  std::size_t marked(std::uint64_t mark) const {
    auto i = by_mark_.upper_bound(mark);
    if (i == by_mark_.begin())
      return none;
    --i;
    return targets_[i->second].marks.contains(mark) ? i->second : none;
  }

  /// Goes from those that are found to their children and sessions, until
  /// there is nothing new.
  void extend() {
    auto own_session = ::getsid(0);
    std::unordered_map<pid_t, std::size_t> pids;
    std::unordered_map<pid_t, std::size_t> sessions;
    auto add = [&](const process_entry& x) {
      pids.emplace(x.pid, x.target);
      if (x.stat.session > 0 && x.stat.session != own_session)
        sessions.emplace(x.stat.session, x.target);
    };
    for (auto& x : found_)
      if (x.target != none)
        add(x);
    for (auto changed = !pids.empty(); changed;) {
      changed = false;
      for (auto& x : found_) {
        if (x.target != none)
          continue;
        auto i = pids.find(x.stat.parent);
        if (i == pids.end()) {
          i = sessions.find(x.stat.session);
          if (i == sessions.end())
            continue;
        }
        x.target = i->second;
        take(x);
        add(x);
        changed = true;
      }
    }
  }

  /// @returns false if it has died meanwhile.
  bool take(const process_entry& x) {
    auto& target = targets_[x.target];
    auto& result = results_[x.target];
    if (x.pid == target.leader
        || (target.spare_group && x.stat.group == target.leader))
      return true;
    auto id = process_id{x.pid, x.stat.start};
    if (stopping_) {
      std::error_code ec;
      auto pidfd = open_process(proc_.get(), id, ec);
      note(ec.value());
      if (!pidfd && !ec)
        return false;
      if (pidfd && !send_signal(pidfd, SIGSTOP) && errno == ESRCH)
        return false;
    }
    result.found.push_back(id);
    process_stat stat;
    // A signal that is sent to a zombie is no error.
    return !stopping_ || (read_stat(x.pid, stat) && !stat.dead());
  }

  // -- files of /proc ---------------------------------------------------------

  unique_fd open(const char* path) {
    auto result = unique_fd{::openat(proc_.get(), path, O_RDONLY | O_CLOEXEC)};
    if (!result)
      note(errno);
    return result;
  }

  void note(int os_code) {
    if (os_code == EMFILE || os_code == ENFILE)
      out_of_descriptors_ = true;
  }

  bool read_stat(pid_t pid, process_stat& result) {
    errno = 0;
    if (posix::read_stat(proc_.get(), pid, result))
      return true;
    note(errno);
    return false;
  }

  std::uint64_t read_limit(pid_t pid) {
    char path[32];
    std::snprintf(path, sizeof(path), "%d/limits", static_cast<int>(pid));
    auto file = open(path);
    char text[4096];
    auto n = file ? ::read(file.get(), text, sizeof(text)) : 0;
    return n <= 0
             ? 0
             : hard_limit({text, static_cast<std::size_t>(n)}, where_.limit);
  }

  void read_environment(const process_entry& x) {
    char path[64];
    auto pid = static_cast<int>(x.pid);
    std::snprintf(path, sizeof(path), "%d/environ", pid);
    read_all(path);
    if (x.stat.state != 'Z')
      return;
    // The main thread took its view of the memory along.
    std::snprintf(path, sizeof(path), "%d/task", pid);
    auto tasks = open(path);
    if (tasks)
      for_each_number(tasks.get(), 0, [&](pid_t tid) {
        std::snprintf(path, sizeof(path), "%d/task/%d/environ", pid,
                      static_cast<int>(tid));
        read_all(path);
        return environment_.empty();
      });
  }

  /// Empty if it is another user's.
  void read_all(const char* path) {
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

  mark_places where_;
  const std::vector<sweep_target>& targets_;
  bool stopping_;
  std::vector<sweep_result> results_;
  /// By the first of its marks.
  std::map<std::uint64_t, std::size_t> by_mark_;
  std::unordered_map<pid_t, std::size_t> by_session_;
  /// No descendant started before this (clock ticks since boot).
  unsigned long long oldest_ = 0;
  unique_fd proc_;
  std::vector<process_entry> found_;
  /// Of the process looked at last, and whether we may read it.
  std::string environment_;
  bool readable_ = false;
  bool undecided_ = false;
  bool out_of_descriptors_ = false;
};

/// Signals what was found. What is gone is no longer among it then.
void send(const std::array<int, 2>& signals, sweep_result& to,
          std::error_code& ec) {
  if (signals[0] == 0)
    return;
  std::erase_if(to.found, [&](const process_id& x) {
    std::error_code refused;
    auto pidfd = open_process(x, refused);
    if (refused)
      ec = refused;
    if (!pidfd)
      return !refused;
    if (send_signal(pidfd, signals[0])) {
      if (signals[1] != 0)
        send_signal(pidfd, signals[1]);
      return false;
    }
    if (errno == EPERM)
      to.refused.push_back(x);
    return errno != EPERM;
  });
}

} // namespace

std::vector<sweep_result> sweep(mark_places where,
                                const std::vector<sweep_target>& targets,
                                std::error_code& ec) {
  auto results = pass{where, targets, false}.run(ec);
  for (std::size_t i = 0; i < targets.size(); ++i)
    send(targets[i].signals, results[i], ec);
  return results;
}

std::vector<sweep_result> hunt(mark_places where,
                               const std::vector<sweep_target>& targets,
                               std::error_code& ec) {
  std::vector<std::set<process_id>> stopped(targets.size());
  std::vector<sweep_result> results;
  auto fresh = true;
  for (auto i = 0; fresh && i < max_passes; ++i) {
    ec.clear();
    results = pass{where, targets, true}.run(ec);
    fresh = false;
    for (std::size_t at = 0; at < results.size(); ++at)
      for (auto& x : results[at].found)
        fresh |= stopped[at].insert(x).second;
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    results[i].found.assign(stopped[i].begin(), stopped[i].end());
    send({SIGKILL, 0}, results[i], ec);
  }
  return results;
}

process_id identify(pid_t pid) {
  auto proc = unique_fd{::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  process_stat stat;
  return {pid, proc && read_stat(proc.get(), pid, stat) ? stat.start : 0};
}

unique_fd open_process(const process_id& x, std::error_code& ec) {
  auto proc = unique_fd{::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!proc)
    ec = last_error();
  return proc ? open_process(proc.get(), x, ec) : unique_fd{};
}

} // namespace procession::posix
