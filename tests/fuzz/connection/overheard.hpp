#pragma once

#include "frames.hpp"

#include <cstdint>
#include <map>
#include <string_view>

namespace procession::fuzz {

/// Checks what a connection says to its runner against what it may say.
class overheard {
public:
  void hear(std::string_view bytes);

  /// Notes that the runner granted credit for a session's input.
  void credited(std::uint64_t session, std::uint64_t bytes);

private:
  struct session {
    bool input_closed = false;
    bool abandoned = false;
    std::uint64_t input = 0;
    std::uint64_t credited = 0;
  };

  void on_frame(frame& x);
  void on_session_frame(session& of, const frame& x);

  listener listener_;
  bool greeted_ = false;
  bool parted_ = false;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, session> sessions_;
};

} // namespace procession::fuzz
