#include "procession/platform/posix/sweep.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace procession::posix {

namespace {

/// The most passes of one hunt, lest other hunts wait too long.
constexpr auto max_passes = 50;

constexpr unsigned long long kernel_thread = 0x00200000; // PF_KTHREAD

// The most looks at a process that is loading a program: they take some tenths
// of a millisecond.
constexpr auto max_tries = 30;

constexpr auto none = static_cast<std::size_t>(-1);

struct process_entry {
  pid_t pid = 0;
  process_stat stat;
  /// Index of the target it belongs to.
  std::size_t target = none;
};

/// One pass.
class pass {
public:
  /// @param stopping whether to stop each process as soon as it is found.
  pass(mark_places where, const std::vector<sweep_target>& targets,
       bool stopping)
    : where_(where), targets_(targets), stopping_(stopping),
      results_(targets.size()) {
    // nop
  }

  std::vector<sweep_result> run(std::error_code& ec) {
    if (!proc_) {
      ec = last_error();
      return std::move(results_);
    }
    prepare();
    proc_.for_each_process([this, self = ::getpid()](pid_t pid) {
      return pid == self || look_at(pid);
    });
    extend();
    for (auto& result : results_)
      result.undecided = undecided_;
    if (proc_.out_of_descriptors())
      ec.assign(EMFILE, std::system_category());
    return std::move(results_);
  }

private:
  /// Finds out which leaders are valid, and the earliest start of a descendant.
  void prepare() {
    oldest_ = static_cast<unsigned long long>(-1);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      auto& target = targets_[i];
      by_mark_.emplace(target.marks.first, i);
      process_stat stat;
      // It is our child, so the number is its own.
      if (target.leader > 0 && proc_.read_stat(target.leader, stat)
          && stat.parent == ::getpid()) {
        by_session_.emplace(target.leader, i);
        oldest_ = std::min(oldest_, stat.start);
      } else {
        oldest_ = std::min(oldest_, target.since);
      }
    }
  }

  /// @returns whether it is alive.
  bool look_at(pid_t pid) {
    process_entry x;
    x.pid = pid;
    // While a process loads a program it has no environment. If that is the
    // only mark, it is looked at again: it may do nothing but fork and load
    // programs.
    for (auto tries = 0; tries < max_tries; ++tries) {
      if (!proc_.read_stat(pid, x.stat) || x.stat.dead())
        return false;
      // Descendants are younger: the cheap check first.
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

  /// Whether the last environment was missing, rather than empty, and there is
  /// no other mark.
  bool loading(const process_stat& x) const {
    if (where_.limit >= 0 || !where_.environment)
      return false;
    auto empty = x.environment_end != 0
                 && x.environment_begin == x.environment_end;
    return proc_.readable() && proc_.environment().empty() && !empty;
  }

  std::size_t target_of(const process_entry& x) {
    if (auto i = by_session_.find(x.stat.session); i != by_session_.end())
      return i->second;
    auto limit = where_.limit >= 0 ? proc_.read_limit(x.pid, where_.limit) : 0;
    // Another tree's mark settles the matter, too, and saves a look into the
    // environment.
    if (is_mark(limit) || !where_.environment)
      return marked(limit);
    proc_.read_environment(x.pid, x.stat);
    auto text = std::string_view{proc_.environment()};
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

  /// Extends the finds to their children and sessions, until nothing is new.
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
      auto pidfd = proc_.open_process(id, ec);
      if (!pidfd && !ec)
        return false;
      if (pidfd && !send_signal(pidfd, SIGSTOP) && errno == ESRCH)
        return false;
    }
    result.found.push_back(id);
    process_stat stat;
    // Signalling a zombie succeeds.
    return !stopping_ || (proc_.read_stat(x.pid, stat) && !stat.dead());
  }

  mark_places where_;
  const std::vector<sweep_target>& targets_;
  bool stopping_;
  std::vector<sweep_result> results_;
  /// By the first of their marks.
  std::map<std::uint64_t, std::size_t> by_mark_;
  std::unordered_map<pid_t, std::size_t> by_session_;
  /// No descendant started before this (clock ticks since boot).
  unsigned long long oldest_ = 0;
  proc_files proc_;
  std::vector<process_entry> found_;
  bool undecided_ = false;
};

/// Signals the processes that were found, and removes those that have ended.
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

} // namespace procession::posix
