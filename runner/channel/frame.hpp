#pragma once

#include "procession/io/output/chunks.hpp"
#include "procession/messages/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace procession {

/// The version of the runner protocol in docs/protocol.md.
inline constexpr std::uint8_t protocol_version = 4;

/// Size of the header of a frame in bytes.
inline constexpr std::size_t frame_header_size = 24;

/// The largest body of a frame in bytes.
inline constexpr std::size_t max_frame_body = 1024 * 1024;

/// The largest body of the first frame of a direction in bytes.
inline constexpr std::size_t max_first_body = 64 * 1024 - 1;

/// The largest body of a frame that carries output or input. A frame of another
/// session may have to wait for as much.
inline constexpr std::size_t max_data_body = 64 * 1024;

/// The types of frames. The numbers are part of the protocol.
enum class frame_type : std::uint8_t {
  // Both ways, for the channel itself.
  hello = 1,
  ping = 2,
  pong = 3,
  goodbye = 4,
  // To the runner.
  spawn = 16,
  input = 17,
  close_input = 18,
  resize = 19,
  signal = 20,
  terminate = 21,
  kill = 22,
  finish = 23,
  output_credit = 24,
  abandon = 25,
  // From the runner.
  spawned = 32,
  spawn_failed = 33,
  output = 34,
  input_credit = 35,
  input_broken = 36,
  answered = 37,
  exited = 38,
  closed = 39,
  notified = 40,
  input_refused = 41,
  stopped = 42,
  continued = 43,
};

std::string to_string(frame_type x);

/// The header of a frame: 24 bytes, little endian.
struct frame_header {
  /// Size of the body in bytes.
  std::uint32_t length = 0;
  std::uint8_t version = protocol_version;
  frame_type type = frame_type::ping;
  /// In an output frame: 0 for standard output, 1 for standard error. Otherwise
  /// 0.
  std::uint16_t flags = 0;
  /// Number of the session; 0 is the channel itself.
  std::uint64_t session = 0;
  /// Counts the frames of this direction from 1.
  std::uint64_t sequence = 0;
};

using frame_header_bytes = std::array<std::byte, frame_header_size>;

/// Returns the header as it is sent.
frame_header_bytes encode(const frame_header& x) noexcept;

/// Returns the header as it was received; checks nothing.
frame_header
decode(std::span<const std::byte, frame_header_size> bytes) noexcept;

/// A frame that has arrived. Its body is valid only during the call that passes
/// it.
class frame {
public:
  frame(const frame_header& header, std::span<const std::byte> body,
        chunk_pool* pool, bool in_pool) noexcept
    : header_(header), body_(body), pool_(pool), in_pool_(in_pool) {
    // nop
  }

  const frame_header& header() const noexcept {
    return header_;
  }

  std::span<const std::byte> body() const noexcept {
    return body_;
  }

  /// Returns the body as a chunk of its own; a large body is not copied. Call
  /// it once.
  shared_bytes take_body(chunk_tail& tail);

private:
  frame_header header_;
  std::span<const std::byte> body_;
  chunk_pool* pool_;
  bool in_pool_;
};

/// Assembles frames from bytes that arrive in pieces of any size. It checks
/// only the rules that hold for every frame: the length (before it allocates
/// memory), the version and the sequence.
class frame_decoder {
public:
  using sink = std::function<void(frame&)>;

  /// Where to put the next bytes: the second room is used once the first is
  /// full.
  using rooms = std::array<std::span<std::byte>, 2>;

  frame_decoder();

  rooms room();

  /// Takes the first `n` bytes of the rooms. Calls `on_frame` for each frame
  /// that is complete, as long as `wanted` returns true.
  /// @returns the violation (`protocol_violation`), if there is one; every
  ///          later call returns it again.
  std::optional<failure> filled(std::size_t n, const sink& on_frame,
                                const std::function<bool()>& wanted);

  /// Takes bytes from elsewhere, as if they were copied to the rooms.
  std::optional<failure> feed(std::span<const std::byte> bytes,
                              const sink& on_frame,
                              const std::function<bool()>& wanted);

  /// Returns the failure if the stream ends here; nothing after a complete
  /// frame.
  std::optional<failure> at_end() const;

private:
  enum class reading { header, body };

  std::optional<failure> check(const frame_header& x);
  std::span<std::byte> body_room(std::size_t n);
  std::optional<failure> parse(const sink& on_frame,
                               const std::function<bool()>& wanted);

  /// Holds headers and small bodies.
  std::unique_ptr<std::byte[]> scratch_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  reading reading_ = reading::header;
  frame_header header_;
  std::size_t body_filled_ = 0;
  chunk_pool pool_;
  /// Holds a body that is larger than the pool's blocks.
  std::unique_ptr<std::byte[]> large_;
  std::uint64_t last_sequence_ = 0;
  /// The first violation.
  std::optional<failure> bad_;
};

} // namespace procession
