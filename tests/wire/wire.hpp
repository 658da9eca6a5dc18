#pragma once

#include "procession/io/reactor/duplex.hpp"
#include "procession/io/reactor/executor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace procession::test {

/// The two ends of a wire. Of a runner's channel the parent has the left one.
enum class side { left, right };

constexpr side other(side x) noexcept {
  return x == side::left ? side::right : side::left;
}

/// A connection in memory: a duplex at each end, and between them the test's
/// hand. What is written at one end is under way until it is delivered to the
/// other (at once, as long as nobody says `hold`); what was delivered waits
/// there until it is read. Answers to reads and writes come through the queue.
///
/// A test may also be one of the sides itself, with `inject` and `take`, and
/// leave the duplex of that side alone.
class wire {
public:
  static constexpr auto all = static_cast<std::size_t>(-1);

  /// @param work outlives the ends.
  explicit wire(executor& work);
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;
  /// The ends may live on; nothing arrives there any more.
  ~wire();

  /// The duplex at one end; the same one each time, not kept alive here.
  std::shared_ptr<duplex> end(side at);

  // What follows is about one direction, named by the side it leads to.

  /// From now on what is written is under way until `deliver`.
  void hold(side to);

  /// Delivers what is under way, and what is written from now on, at once.
  void flow(side to);

  /// Delivers up to so many bytes of what is under way.
  /// @returns how many that were.
  std::size_t deliver(side to, std::size_t n = all);

  /// The bytes that were written and not delivered.
  const std::string& under_way(side to) const;

  /// Flips bits of a byte that is under way; nothing if there is none.
  void corrupt(side to, std::size_t at, std::uint8_t mask);

  /// Puts bytes behind those under way, as if the other end had written them.
  void inject(side to, std::string_view bytes);

  /// Takes everything that nobody has read, delivered or not, away from that
  /// side, as if it had read it.
  std::string take(side to);

  /// What may be written and not read; a write beyond that is answered when
  /// there is room again. Unlimited at first; 0 stalls whoever writes.
  void limit(side to, std::size_t capacity);

  /// What is under way is lost; behind what was delivered comes the end of the
  /// stream. Who writes into it gets an error.
  void cut(side to);

  /// The same, with an error instead of the end.
  void fail(side to, std::error_code why);

  /// Whether the duplex at that end was closed or destroyed.
  bool closed(side at) const;

private:
  class wire_end;
  struct core;
  std::shared_ptr<core> core_;
};

} // namespace procession::test
