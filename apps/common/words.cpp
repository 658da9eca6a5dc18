#include "words.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <utility>

namespace procession {

namespace {

/// Returns nothing if a quote is not closed or nothing follows a backslash.
std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> result;
  // Set within a word, which may be empty: ''.
  std::optional<std::string> word;
  // The quote we are in.
  auto quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    auto c = line[i];
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      if (word)
        result.push_back(*std::exchange(word, std::nullopt));
      continue;
    }
    if (!word)
      word.emplace();
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'') {
      if (++i == line.size())
        return std::nullopt;
      // In double quotes a backslash is literal before most characters (POSIX,
      // 2.2.3).
      if (quote == '"' && line[i] != '"' && line[i] != '\\' && line[i] != '$'
          && line[i] != '`')
        *word += '\\';
      *word += line[i];
    } else {
      *word += c;
    }
  }
  if (quote != '\0')
    return std::nullopt;
  if (word)
    result.push_back(std::move(*word));
  return result;
}

} // namespace

std::vector<std::string> command_words(const std::string& option,
                                       std::string_view line) {
  auto words = split_words(line);
  if (!words)
    throw CLI::ValidationError{option, "has a quote that is not closed"};
  if (words->empty() || words->front().empty())
    throw CLI::ValidationError{option, "needs a command line"};
  return std::move(*words);
}

} // namespace procession
