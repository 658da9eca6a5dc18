#pragma once

#include "time.hpp"

#include "procession/messages/session.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
#include <latch>
#include <mutex>
#include <string>
#include <vector>

/// The actors that follow a session in the benchmarks.
namespace procession::bench {

/// The subscribers of one flood, for the thread that waits for them.
class audience {
public:
  /// @param bytes of the whole stream.
  audience(std::size_t size, std::uint64_t bytes);

  /// Counted down when a subscriber has the first byte, has everything, and was
  /// told of the end.
  std::latch ready;
  std::latch done;
  std::latch over;

  std::uint64_t expected() const noexcept {
    return expected_;
  }

  /// Notes the address at which a subscriber found a byte: all must find it at
  /// the same one. Only some offsets are compared.
  void found(const output& x);

  /// Notes an error that a subscriber found.
  void wrong(std::string what);

  /// @throws std::runtime_error if something was wrong.
  void check();

private:
  std::uint64_t expected_;
  std::mutex mutex_;
  std::vector<const std::byte*> places_;
  std::string wrong_;
};

/// Follows a flood without loss and acknowledges a quarter of its window at a
/// time.
class flood_reader {
public:
  static constexpr const char* name = "bench.flood_reader";

  using pointer = subscriber::stateful_pointer<flood_reader>;

  explicit flood_reader(pointer self) : self_(self) {
    // nop
  }

  subscriber::behavior_type make_behavior(session source, audience& to);

private:
  void take(const output& x);
  void fail(std::string what);

  pointer self_;
  session source_;
  audience* to_ = nullptr;
  subscription terms_;
  std::uint64_t had_ = 0;
  std::uint64_t owed_ = 0;
};

/// Sends one message after the other to a session that echoes.
class echo_reader {
public:
  static constexpr const char* name = "bench.echo_reader";

  using pointer = subscriber::stateful_pointer<echo_reader>;

  explicit echo_reader(pointer self) : self_(self) {
    // nop
  }

  subscriber::behavior_type make_behavior(session source, std::size_t count,
                                          std::size_t size,
                                          std::promise<round_trips>& to);

private:
  void take(const output& x);
  void ask();
  void fail(const std::string& what);

  pointer self_;
  session source_;
  std::promise<round_trips>* to_ = nullptr;
  std::size_t count_ = 0;
  shared_bytes message_;
  bool asked_ = false;
  stopwatch time_;
  std::vector<double> times_;
  /// The bytes of the present message that are not back yet.
  std::size_t missing_ = 1;
  std::uint64_t owed_ = 0;
};

} // namespace procession::bench
