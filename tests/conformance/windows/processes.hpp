#pragma once

#include "../world.hpp"

#include <cstddef>

namespace procession::test {

/// How many handles this process has.
std::size_t own_handles();

} // namespace procession::test
