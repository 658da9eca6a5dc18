#pragma once

#include "procession/platform/common/parent_port.hpp"

#include <CLI/CLI.hpp>

namespace procession {

/// Adds the required option for this runner's end of the channel: `--stdio`, or
/// on Windows `--connect PIPE`.
/// @param where set while the command line is parsed; must outlive `app`.
void add_channel_option(CLI::App& app, channel_address& where);

} // namespace procession
