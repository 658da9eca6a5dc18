#include "ledger.hpp"

#include <cstdio>

namespace procession::soak {

namespace {

/// The number of findings printed if the first of them ends the soak.
constexpr auto enough = 8;

} // namespace

std::string to_string(const tally& x) {
  auto megabytes = [](std::uint64_t n) { return n / (1024 * 1024); };
  char text[600];
  std::snprintf(
    text, sizeof(text),
    "%llu rounds, %llu sessions (%llu natural, %llu ended), %llu MiB verified, "
    "%llu subscribers, %llu gaps, %llu reads, %llu writes (%llu MiB), %llu "
    "processes; killed: %llu spawners, %llu keepers, %llu runners (%llu "
    "stopped), %llu hosts; %llu terminal runs",
    static_cast<unsigned long long>(x.rounds),
    static_cast<unsigned long long>(x.sessions),
    static_cast<unsigned long long>(x.natural),
    static_cast<unsigned long long>(x.ended),
    static_cast<unsigned long long>(megabytes(x.bytes)),
    static_cast<unsigned long long>(x.subscribers),
    static_cast<unsigned long long>(x.gaps),
    static_cast<unsigned long long>(x.reads),
    static_cast<unsigned long long>(x.writes),
    static_cast<unsigned long long>(megabytes(x.bytes_written)),
    static_cast<unsigned long long>(x.processes),
    static_cast<unsigned long long>(x.spawners),
    static_cast<unsigned long long>(x.keeper_kills),
    static_cast<unsigned long long>(x.runner_kills),
    static_cast<unsigned long long>(x.runner_stops),
    static_cast<unsigned long long>(x.host_kills),
    static_cast<unsigned long long>(x.terminal_runs));
  return text;
}

ledger::ledger(std::string repeat, bool keep_going)
  : repeat_(std::move(repeat)), keep_going_(keep_going) {
  // nop
}

double ledger::now() const {
  return std::chrono::duration<double>(clock::now() - begin_).count();
}

void ledger::finding(const std::string& what, const std::string& story) {
  std::lock_guard guard{mutex_};
  // If the soak ends with this round, further findings mostly repeat the first.
  if (++findings_ > enough && !keep_going_)
    return;
  auto text = "FINDING at " + std::to_string(now()) + " s: " + what + '\n'
              + story + "again with: " + repeat_ + "\n\n";
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

} // namespace procession::soak
