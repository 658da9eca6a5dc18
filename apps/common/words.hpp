#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace procession {

/// The words of a command line as a shell would make them: of spaces, quotes
/// and backslashes, but nothing is expanded and no character is special
/// otherwise. None if a quote is not closed or nothing follows a backslash.
std::optional<std::vector<std::string>> split_words(std::string_view line);

} // namespace procession
