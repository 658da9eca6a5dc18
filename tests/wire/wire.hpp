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

/// The two ends of a wire. The parent has the left end of a runner's channel.
enum class side { left, right };

constexpr side other(side x) noexcept {
  return x == side::left ? side::right : side::left;
}

/// A connection in memory: a duplex at each end, with the test in control
/// between them. Written bytes are under way until they are delivered to the
/// other end (at once, unless `hold` was called); delivered bytes wait there
/// until they are read. Answers to reads and writes come through the executor.
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
  /// The ends may outlive the wire; nothing more arrives there.
  ~wire();

  /// Returns the duplex at one end; the same one each time. The wire does not
  /// keep it alive.
  std::shared_ptr<duplex> end(side at);

  // The functions below concern one direction, named by its destination.

  /// From now on keeps written bytes under way until `deliver`.
  void hold(side to);

  /// Delivers all bytes under way, and from now on all written bytes at once.
  void flow(side to);

  /// Delivers up to `n` bytes of those under way.
  /// @returns the number of bytes delivered.
  std::size_t deliver(side to, std::size_t n = all);

  /// Returns the bytes that were written and not delivered.
  const std::string& under_way(side to) const;

  /// Flips bits of a byte that is under way; does nothing if there is none.
  void corrupt(side to, std::size_t at, std::uint8_t mask);

  /// Adds bytes after those under way, as if the other end had written them.
  void inject(side to, std::string_view bytes);

  /// Takes all unread bytes, delivered or not, away from that side, as if it
  /// had read them.
  std::string take(side to);

  /// Limits the bytes that may be written and not read; a write beyond that is
  /// answered when there is room again. Unlimited at first; 0 stalls the
  /// writer.
  void limit(side to, std::size_t capacity);

  /// Drops the bytes under way; after the delivered ones comes the end of the
  /// stream. A later write gets an error.
  void cut(side to);

  /// The same, with an error instead of the end of the stream.
  void fail(side to, std::error_code why);

  /// Returns whether the duplex at that end was closed or destroyed.
  bool closed(side at) const;

private:
  class wire_end;
  struct core;
  std::shared_ptr<core> core_;
};

} // namespace procession::test
