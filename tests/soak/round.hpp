#pragma once

#include "plan.hpp"
#include "stage.hpp"

#include <cstdint>

namespace procession::soak {

/// What kinds of containment can be had here.
std::vector<containment_kind> kinds_of_containment();

/// Rounds of sessions, one after the other. After each of them nothing may be
/// left: no process, zombie, descriptor, thread, cgroup, and no more memory.
class rounds {
public:
  rounds(ledger& log, const settings& terms, std::uint32_t seed)
    : log_(log), terms_(terms), chance_(seed) {
    // nop
  }

  /// Sessions of all kinds for so long, with hosts that are killed beside them.
  void play(milliseconds time);

  /// Runs on a terminal with every core busy, for so long.
  void play_terminals(milliseconds time);

  /// The same as a host that is to be killed: for ever, or until a finding.
  void play_host(const std::string& report);

private:
  containment_kind any_kind();
  std::string next_report();

  /// Calls `f` with a stage and checks what is left afterwards.
  template <class F>
  void play_one(const char* what, F f);
  void check_rest(const char* what, const holdings& before,
                  std::uint64_t processes);

  ledger& log_;
  const settings& terms_;
  dice chance_;
  std::uint64_t count_ = 0;
  /// Memory after the first rounds, which caches of all kinds are filled in.
  std::uint64_t memory_ = 0;
};

} // namespace procession::soak
