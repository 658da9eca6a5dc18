#include "holdings.hpp"

#include "phase.hpp"

#include <algorithm>

namespace procession::bench {

void holdings::print(std::uint64_t count) const {
  auto each = [&](std::uint64_t now, std::uint64_t before) {
    return static_cast<double>(now - std::min(now, before))
           / static_cast<double>(count);
  };
  bench::print("kib_each", each(private_memory(), memory_) / 1024);
  bench::print("descriptors_each", each(open_descriptors(), descriptors_));
}

} // namespace procession::bench
