#pragma once

#include <chrono>
#include <string>

namespace procession {

/// Returns a duration in whole milliseconds, for people: "1500 ms".
inline std::string in_ms(std::chrono::nanoseconds x) {
  using std::chrono::milliseconds;
  return std::to_string(std::chrono::duration_cast<milliseconds>(x).count())
         + " ms";
}

} // namespace procession
