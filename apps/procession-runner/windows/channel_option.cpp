#include "../channel_option.hpp"

namespace procession {

void add_channel_option(CLI::App& app, channel_address& where) {
  app.add_option("--connect", where.path, "The channel is this named pipe")
    ->type_name("PIPE")
    ->required();
}

} // namespace procession
