#pragma once

#include "procession/platform/common/parent_port.hpp"

#include <CLI/CLI.hpp>

/// The parts of the runner that differ between systems.
namespace procession {

/// Adds the required option for this runner's end of the channel: `--stdio`, or
/// on Windows `--connect PIPE`.
/// @param where set while the command line is parsed; must outlive `app`.
void add_channel_option(CLI::App& app, channel_address& where);

/// Tells the system that no user watches this process and its children, so that
/// it returns errors instead of showing them in a window that waits for a
/// click.
void be_unattended() noexcept;

} // namespace procession
