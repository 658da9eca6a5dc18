#pragma once

#include "plan.hpp"
#include "stage.hpp"

#include <cstdint>

namespace procession::soak {

/// Returns the kinds of containment that work here.
std::vector<containment_kind> kinds_of_containment();

/// Rounds of sessions, one after the other. After each of them nothing may be
/// left: no process, zombie, descriptor, thread or cgroup, and no growth of
/// memory.
class rounds {
public:
  rounds(ledger& log, const settings& terms, std::uint32_t seed)
    : log_(log), terms_(terms), chance_(seed) {
    // nop
  }

  /// Plays sessions of all kinds for that time, and kills hosts beside them.
  void play(milliseconds time);

  /// Plays runs on a terminal for that time, with all cores busy.
  void play_terminals(milliseconds time);

  /// Plays sessions as a host that is to be killed: for ever, or until a
  /// finding.
  void play_host(const std::string& report);

private:
  containment_kind any_kind();
  std::string next_report();

  /// Calls `f` with a stage and checks the leftovers afterwards.
  template <class F>
  void play_one(const char* what, F f);
  void check_rest(const char* what, const holdings& before,
                  std::uint64_t processes);

  ledger& log_;
  const settings& terms_;
  dice chance_;
  std::uint64_t count_ = 0;
  /// Memory after the first rounds, in which caches of all kinds fill.
  std::uint64_t memory_ = 0;
};

} // namespace procession::soak
