#pragma once

namespace procession {

/// Whether sessions on a terminal are available here: on Windows that takes
/// the pseudoconsole of its version 10.0.17763, elsewhere it is always true.
/// (`errc::no_pty_left` is another matter: the system is out of terminals.)
bool conpty_supported() noexcept;

} // namespace procession
