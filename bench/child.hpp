#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace procession::bench {

/// What the measured children do. Each first writes one byte to say that it is
/// ready, on a terminal after switching it to raw mode.
enum class child_kind {
  /// Waits for one byte, then writes so many as fast as it can.
  flood,
  /// Writes back what it reads.
  echo,
};

/// The arguments with which this program plays a child.
std::vector<std::string> child_args(child_kind kind, std::uint64_t bytes = 0);

/// Path of this program.
const std::string& own_path();

/// Plays the child that the arguments ask for, if they ask for one.
/// @returns whether they did; `main` ends then.
bool play_child(int argc, char** argv);

} // namespace procession::bench
