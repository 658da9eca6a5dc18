#pragma once

#include "expect.hpp"
#include "procession/runner/channel/protocol.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace procession::fuzz {

inline std::string to_bytes(const frame_header& header, std::string_view body) {
  auto head = encode(header);
  auto result = std::string{reinterpret_cast<const char*>(head.data()),
                            head.size()};
  return result.append(body);
}

inline std::string_view text(std::span<const std::byte> x) {
  return {reinterpret_cast<const char*>(x.data()), x.size()};
}

inline std::span<const std::byte> bytes_of(std::string_view x) {
  return {reinterpret_cast<const std::byte*>(x.data()), x.size()};
}

/// Builds the frames of one side, with the right numbers.
class speaker {
public:
  std::string frame(frame_type type, std::uint64_t session,
                    std::string_view body = {}, std::uint16_t flags = 0) {
    frame_header head;
    head.length = static_cast<std::uint32_t>(body.size());
    head.type = type;
    head.flags = flags;
    head.session = session;
    head.sequence = ++last_;
    return to_bytes(head, body);
  }

private:
  std::uint64_t last_ = 0;
};

/// Decodes the frames of our own side, which are all valid.
class listener {
public:
  void hear(std::string_view bytes,
            const std::function<void(frame&)>& on_frame) {
    auto bad = decoder_.feed(bytes_of(bytes), on_frame, [] { return true; });
    expect(!bad, "what we send is a sequence of frames");
  }

private:
  frame_decoder decoder_;
};

/// Returns the body of a frame of our own side, which can be decoded.
template <class T>
T body_of(const frame& x) {
  auto result = protocol::decode<T>(x.body());
  expect(result.has_value(), "what we send can be decoded");
  return std::move(*result);
}

} // namespace procession::fuzz
