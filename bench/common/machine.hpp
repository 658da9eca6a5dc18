#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace procession::bench {

/// Returns the bytes of memory that only this process has (RssAnon in
/// /proc/self/status), after unused memory went back to the system.
std::uint64_t private_memory();

/// Returns the number of open descriptors of this process.
std::size_t open_descriptors();

/// Returns a command that ends at once, with 0.
std::vector<std::string> shortest_command();

/// Raises the limit on open descriptors as far as possible, and has a write to
/// a closed pipe fail instead of ending this process.
void prepare_process();

} // namespace procession::bench
