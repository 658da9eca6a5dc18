#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Windows passes a program one string, and each program decides how to split
/// it. These are the rules of the C runtime and of CommandLineToArgvW ("Parsing
/// C command-line arguments" in Microsoft's C reference), and the different
/// ones of cmd.exe for batch files.
namespace procession::windows {

/// Returns a word for the C runtime to parse: quoted if necessary, backslashes
/// doubled before a quote and at the end.
std::string quote_argument(std::string_view x);

/// The whole command line of a program.
/// @param argv0 the program's name for itself; here backslashes have no
///        meaning, so it cannot hold a quote.
/// @returns nothing if `argv0` holds one.
std::optional<std::string>
make_command_line(std::string_view argv0, const std::vector<std::string>& args);

/// Returns the command line for cmd.exe that runs a batch file, without
/// extensions that would interpret more of it (delayed expansion, AutoRun).
/// @param shell path of cmd.exe.
/// @param script path of the batch file.
/// @returns nothing if a word cannot be passed to a batch file: it holds a line
///          break, or the script's name a quote.
std::optional<std::string>
make_batch_command_line(std::string_view shell, std::string_view script,
                        const std::vector<std::string>& args);

/// Whether cmd.exe runs a file of that name (.bat, .cmd, in any case).
bool is_batch_file(std::string_view path);

} // namespace procession::windows
