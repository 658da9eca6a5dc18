#pragma once

#include "procession/platform/windows/handle.hpp"

namespace procession::windows {

/// Whether this is no Windows but Wine. Asked only where Wine lacks what a test
/// of everything else needs.
bool running_under_wine() noexcept;

/// Handles to the console of the process that inherits them.
struct console_handles {
  unique_handle in;
  unique_handle out;
};

/// Wine 8 does not give a pseudoconsole's child its console as standard
/// streams, as Windows does; these, inherited, are that. Both empty if there
/// are none.
console_handles wine_console_handles();

} // namespace procession::windows
