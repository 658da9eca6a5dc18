#include "../system_parts.hpp"

#include <windows.h>

namespace procession {

void add_channel_option(CLI::App& app, channel_address& where) {
  app.add_option("--connect", where.path, "The channel is this named pipe")
    ->type_name("PIPE")
    ->required();
  // Hidden: for a clear error to users who know runners of other systems.
  app
    .add_flag_callback("--stdio",
                       [] {
                         throw CLI::ValidationError{
                           "--stdio", "on Windows the channel is a named pipe"};
                       })
    ->group("");
}

void be_unattended() noexcept {
  // Children inherit the mode (SetErrorMode on MSDN).
  ::SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX
                 | SEM_NOOPENFILEERRORBOX);
}

} // namespace procession
