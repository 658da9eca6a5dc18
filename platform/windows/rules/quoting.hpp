#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Windows hands a program one string; where its words end each program decides
/// for itself. These are the rules of the C runtime and of CommandLineToArgvW
/// ("Parsing C command-line arguments" in Microsoft's C reference), and those
/// of cmd.exe for batch files, which are others.
namespace procession::windows {

/// A word as the C runtime takes it apart: in quotes if it must be, backslashes
/// doubled before a quote and at the end.
std::string quote_argument(std::string_view x);

/// The whole command line of a program.
/// @param argv0 how the program is to see itself; here backslashes mean
///        nothing, so that it cannot hold a quote.
/// @returns nothing if `argv0` holds one.
std::optional<std::string>
make_command_line(std::string_view argv0, const std::vector<std::string>& args);

/// The command line for cmd.exe that runs a batch file, without extensions
/// that would read more into it (delayed expansion, AutoRun).
/// @param shell path of cmd.exe.
/// @param script path of the batch file.
/// @returns nothing if a word cannot be passed to a batch file by any means: it
///          holds a line break, or the script's name a quote.
std::optional<std::string>
make_batch_command_line(std::string_view shell, std::string_view script,
                        const std::vector<std::string>& args);

/// Whether cmd.exe runs a file of that name (.bat, .cmd, in any case).
bool is_batch_file(std::string_view path);

} // namespace procession::windows
