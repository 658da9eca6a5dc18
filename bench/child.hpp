#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace procession::bench {

/// The kinds of measured children. Each first writes one byte to say that it is
/// ready, on a terminal after switching it to raw mode.
enum class child_kind {
  /// Waits for one byte, then writes a number of bytes as fast as it can.
  flood,
  /// Writes back all that it reads.
  echo,
};

/// Returns the arguments with which this program plays a child.
std::vector<std::string> child_args(child_kind kind, std::uint64_t bytes = 0);

/// Returns the path of this program.
const std::string& own_path();

/// Plays the child that the arguments name, if they name one.
/// @returns whether they did; `main` ends then.
bool play_child(int argc, char** argv);

} // namespace procession::bench
