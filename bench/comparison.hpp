#pragma once

#include <functional>
#include <map>
#include <string>

namespace procession::bench {

/// The readings of one repetition of a benchmark, by name.
using readings = std::map<std::string, double>;

/// Runs both sides of a comparison, the second one first every other time.
void in_turns(int repetition, const std::function<void()>& ours,
              const std::function<void()>& rival);

/// Registers a benchmark whose every iteration yields readings.
void add(const char* name, int repetitions,
         std::function<readings(int repetition)> f);

} // namespace procession::bench
