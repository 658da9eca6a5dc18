#pragma once

#include <chrono>
#include <vector>

namespace procession::bench {

/// Times of single round trips, in seconds.
struct round_trips {
  double mean = 0;
  double median = 0;
};

/// @pre `samples` is not empty
round_trips summarize(std::vector<double> samples);

/// A stopwatch that starts with its construction.
class stopwatch {
public:
  double seconds() const {
    auto passed = std::chrono::steady_clock::now() - start_;
    return std::chrono::duration<double>{passed}.count();
  }

private:
  std::chrono::steady_clock::time_point start_
    = std::chrono::steady_clock::now();
};

} // namespace procession::bench
