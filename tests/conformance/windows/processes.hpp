#pragma once

#include "../world.hpp"

#include <cstddef>

namespace procession::test {

/// Returns the number of handles of this process.
std::size_t own_handles();

} // namespace procession::test
