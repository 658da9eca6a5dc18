#include "../system_parts.hpp"

#include <string>

namespace procession {

void add_channel_option(CLI::App& app, channel_address&) {
  const std::string help = "The channel is standard input and output";
  app.add_flag("--stdio", help)->required();
}

void be_unattended() noexcept {
  // POSIX systems show no such windows.
}

} // namespace procession
