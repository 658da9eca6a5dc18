#pragma once

#include <chrono>
#include <optional>

namespace procession::cli {

/// Tells a request that was sent twice from one that was made twice. Closing a
/// terminal causes HUP and then TERM, timeout(1) signals its child and then its
/// whole group, and a service manager may send TERM with HUP.
class repetition {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes note of a request.
  /// @returns whether it repeats one made less than a second ago.
  bool repeats(time_point now) {
    if (last_ && now - *last_ < std::chrono::seconds{1})
      return true;
    last_ = now;
    return false;
  }

private:
  /// The time of the last request that was not a repetition.
  std::optional<time_point> last_;
};

} // namespace procession::cli
