#pragma once

namespace procession {

/// Tells the system that no user watches this process and its children, so that
/// it returns errors instead of showing them in a window that waits for a
/// click.
void be_unattended() noexcept;

} // namespace procession
