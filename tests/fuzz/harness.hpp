#pragma once

#include "expect.hpp"
#include "frames.hpp"
#include "hand_executor.hpp"
#include "input.hpp"
#include "wire.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace procession::fuzz {

/// One end of a channel under test, with a hostile peer at the other: the
/// script decides what the peer sends, what happens to the wire and how time
/// passes. A target adds the parts that are special to its end.
class harness {
public:
  /// @param tested the end of the wire that is under test
  harness(input script, test::side tested);

  harness(const harness&) = delete;
  harness& operator=(const harness&) = delete;
  virtual ~harness() = default;

  /// Plays the script, up to 1,000 steps of it.
  void run();

protected:
  /// Sizes at which a channel's behaviour changes.
  static constexpr std::array<std::uint64_t, 8> sizes{
    1, 1000, 65535, 65536, 65537, 262144, 300000, 0};

  virtual void begin() = 0;
  virtual void step() = 0;
  virtual void end() = 0;

  /// Hears what the tested end has sent since the last time.
  virtual void hear(std::string_view bytes) = 0;

  /// Lets the peer hear what was sent, unless bytes were lost on the way: then
  /// the rest proves nothing.
  void listen();

  /// Sends a frame from the peer, with the next number.
  void say(frame_type type, std::uint64_t session, std::string_view body = {},
           std::uint16_t flags = 0);

  /// Sends a frame of any type with any body, even one of another type.
  void say_anything(std::uint64_t session);

  /// Sends a large frame of any type.
  void say_large(std::uint64_t session);

  /// Does one of eight things to the wire, by `which` from 0 to 7.
  void disturb_wire(int which);

  /// The `which` of `disturb_wire` that changes bytes.
  static constexpr int corruption = 3;

  /// Lets time pass. @param late whether wake-ups come late.
  template <std::size_t N>
  void pass_time(const std::array<std::uint64_t, N>& milliseconds, bool late) {
    auto pause = std::chrono::milliseconds{in_.one_of(milliseconds)};
    if (late)
      work_->oversleep(pause);
    else
      work_->advance(pause);
  }

  /// Expects that no wake-up is left.
  void check_idle() const;

  input in_;
  std::shared_ptr<test::hand_executor> work_
    = std::make_shared<test::hand_executor>();
  test::wire wire_{*work_};

private:
  test::side here_;
  test::side there_;
  speaker peer_;
  bool deaf_ = false;
};

} // namespace procession::fuzz
