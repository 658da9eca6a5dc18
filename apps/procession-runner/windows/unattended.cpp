#include "../unattended.hpp"

#include <windows.h>

namespace procession {

void be_unattended() noexcept {
  // Children inherit the mode (SetErrorMode on MSDN).
  ::SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX
                 | SEM_NOOPENFILEERRORBOX);
}

} // namespace procession
