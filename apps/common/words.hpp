#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace procession {

/// Splits the value of an option into the words of a command line, at least
/// one. They are split as by a shell at spaces, with quotes and backslashes,
/// but nothing is expanded and no other character is special.
/// @throws CLI::ValidationError with the name of the option, if there is no
/// word
///         or if a quote or an escape is incomplete.
std::vector<std::string> command_words(const std::string& option,
                                       std::string_view line);

} // namespace procession
