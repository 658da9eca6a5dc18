#pragma once

namespace procession {

/// Nobody sits in front of this process nor of its children: has the system
/// return errors rather than show them in a window that waits for a click.
void be_unattended() noexcept;

} // namespace procession
