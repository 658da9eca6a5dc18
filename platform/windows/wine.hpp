#pragma once

#include "procession/platform/windows/handle.hpp"

namespace procession::windows {

/// Whether we run under Wine instead of Windows. Asked only where Wine lacks
/// something that the tests of other things need.
bool running_under_wine() noexcept;

/// Returns the major version of Wine; 0 on Windows.
int wine_version() noexcept;

/// Handles to the console of the process that inherits them.
struct console_handles {
  unique_handle in;
  unique_handle out;
};

/// Opens the standard streams that a pseudoconsole's child needs under Wine 8,
/// which does not provide its console as Windows does. Both are empty if that
/// fails.
console_handles wine_console_handles();

} // namespace procession::windows
