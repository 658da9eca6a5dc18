#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace procession {

/// The words of an option whose value is a command line; at least one. They are
/// split as by a shell at spaces, with quotes and backslashes, but nothing is
/// expanded and no other character is special.
/// @throws CLI::ValidationError which names the option, if there is no word, or
///         a quote or an escape is not complete.
std::vector<std::string> command_words(const std::string& option,
                                       std::string_view line);

} // namespace procession
