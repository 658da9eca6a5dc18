#pragma once

#include "procession/platform/common/parent_port.hpp"

#include <CLI/CLI.hpp>

namespace procession {

/// Adds the option, which is required, that says where this runner's end of the
/// channel is: `--stdio`, on Windows `--connect PIPE`.
/// @param where set while the command line is parsed; outlives `app`.
void add_channel_option(CLI::App& app, channel_address& where);

} // namespace procession
