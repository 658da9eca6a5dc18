#pragma once

#include "machine.hpp"

#include <cstddef>
#include <cstdint>

namespace procession::bench {

/// The memory and the descriptors that this process holds at the time of the
/// construction.
class holdings {
public:
  /// Prints what it has come to hold since then, for each of that many things.
  void print(std::uint64_t count) const;

private:
  std::uint64_t memory_ = private_memory();
  std::size_t descriptors_ = open_descriptors();
};

} // namespace procession::bench
