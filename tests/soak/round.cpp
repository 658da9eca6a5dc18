#include "round.hpp"

#include "hosts.hpp"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <system_error>
#include <thread>

namespace procession::soak {

namespace {

using clock = ledger::clock;

/// The allowed growth of memory after the first rounds; the build sets it by
/// how much a sanitizer keeps.
constexpr std::uint64_t growth = PROCESSION_SOAK_GROWTH * mib;
constexpr std::uint64_t warm_up = 4;

/// Threads that keep all cores busy.
class spinners {
public:
  spinners() {
    for (auto n = std::thread::hardware_concurrency(); n > 0; --n)
      threads_.emplace_back([this] {
        while (!stop_)
          continue;
      });
  }

  spinners(const spinners&) = delete;
  spinners& operator=(const spinners&) = delete;

  ~spinners() {
    stop_ = true;
    for (auto& x : threads_)
      x.join();
  }

private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

/// Counts again while there is too much: a joined thread may be counted for a
/// moment.
holdings settled_holdings(const holdings& wanted) {
  auto deadline = clock::now() + std::chrono::seconds{10};
  auto result = count_holdings();
  while (result.threads > wanted.threads && clock::now() < deadline) {
    std::this_thread::yield();
    result = count_holdings();
  }
  return result;
}

} // namespace

std::vector<containment_kind> kinds_of_containment() {
  std::vector<containment_kind> result{containment_kind::marker};
  try {
    runtime any{{containment_kind::cgroup}};
    result.push_back(containment_kind::cgroup);
  } catch (const std::system_error&) {
    // There is no writable hierarchy.
  }
  return result;
}

containment_kind rounds::any_kind() {
  if (terms_.containment)
    return *terms_.containment;
  static const auto kinds = kinds_of_containment();
  return kinds[chance_.below(kinds.size())];
}

std::string rounds::next_report() {
  return terms_.directory + "/round-" + std::to_string(++count_);
}

template <class F>
void rounds::play_one(const char* what, F f) {
  auto before = count_holdings();
  census processes{next_report()};
  processes.count_as_host();
  {
    stage x{log_, terms_, processes, any_kind(), chance_.seed()};
    f(x);
  }
  for (auto& line : processes.await_end(std::chrono::seconds{10}))
    log_.finding(std::string{"after a round of "} + what + ": " + line);
  ++log_.counts.rounds;
  log_.counts.processes += processes.seen();
  check_rest(what, before, processes.seen());
}

void rounds::check_rest(const char* what, const holdings& before,
                        std::uint64_t processes) {
  for (auto pid : children())
    log_.finding("a child is left: " + std::to_string(pid));
  ::malloc_trim(0);
  auto now = settled_holdings(before);
  if (now.descriptors > before.descriptors)
    log_.finding(std::to_string(now.descriptors)
                 + " descriptors after a round "
                   "of "
                 + what + " that began with "
                 + std::to_string(before.descriptors));
  if (now.threads > before.threads)
    log_.finding(std::to_string(now.threads) + " threads after a round of "
                 + what + " that began with " + std::to_string(before.threads));
  if (count_ <= warm_up)
    memory_ = std::max(memory_, now.memory);
  else if (now.memory > memory_ + growth)
    log_.finding("memory has grown from " + std::to_string(memory_ / mib)
                 + " to " + std::to_string(now.memory / mib) + " MiB");
  std::printf("%8.1f s  round %llu, %s: %llu processes gone, %zu descriptors, "
              "%zu threads, %llu MiB resident\n",
              log_.now(), static_cast<unsigned long long>(count_), what,
              static_cast<unsigned long long>(processes), now.descriptors,
              now.threads, static_cast<unsigned long long>(now.memory / mib));
  std::fflush(stdout);
}

void rounds::play(milliseconds time) {
  play_one("sessions", [&](stage& x) {
    hosts killed{log_, terms_, any_kind(), chance_.seed()};
    auto live = chance_.between(20, 60);
    auto end = clock::now() + time;
    auto mischief = clock::now() + chance_.any_time(1000);
    while (clock::now() < end && !log_.over()) {
      x.populate(live, make_plan);
      x.await_change(milliseconds{50});
      if (clock::now() < mischief)
        continue;
      x.make_mischief(true);
      mischief = clock::now() + chance_.any_time(1000);
    }
    x.finish();
  });
}

void rounds::play_terminals(milliseconds time) {
  auto before = log_.counts.sessions.load();
  play_one("terminals", [&](stage& x) {
    spinners busy;
    auto end = clock::now() + time;
    while (clock::now() < end && !log_.over()) {
      x.populate(24, make_terminal_plan);
      x.await_change(milliseconds{50});
    }
    x.finish();
  });
  log_.counts.terminal_runs += log_.counts.sessions - before;
}

void rounds::play_host(const std::string& report) {
  census processes{report};
  stage x{log_, terms_, processes, any_kind(), chance_.seed()};
  auto live = chance_.between(5, 25);
  auto mischief = clock::now() + chance_.any_time(1000);
  while (!log_.over()) {
    x.populate(live, make_plan);
    x.await_change(milliseconds{50});
    if (clock::now() < mischief)
      continue;
    // Without a keeper the leftovers could not be ended.
    x.make_mischief(false);
    mischief = clock::now() + chance_.any_time(1000);
  }
}

} // namespace procession::soak
