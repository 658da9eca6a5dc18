#include "../channel_option.hpp"

namespace procession {

void add_channel_option(CLI::App& app, channel_address& where) {
  app.add_option("--connect", where.path, "The channel is this named pipe")
    ->type_name("PIPE")
    ->required();
  // What runners of other systems take, and so not shown.
  app
    .add_flag_callback("--stdio",
                       [] {
                         throw CLI::ValidationError{
                           "--stdio", "on Windows the channel is a named pipe"};
                       })
    ->group("");
}

} // namespace procession
