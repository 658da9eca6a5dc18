#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace procession::bench {

/// The words of a command line, taken one after the other.
class arguments {
public:
  explicit arguments(std::vector<std::string> words)
    : words_(std::move(words)) {
    // nop
  }

  /// Takes the next word.
  /// @throws std::runtime_error if there is none.
  std::string word();

  /// Takes the next word, as a number.
  /// @throws std::runtime_error if there is none.
  std::uint64_t number();

  /// Takes all other words: the command that is measured.
  /// @throws std::runtime_error if there are none.
  std::vector<std::string> command();

private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

/// What a program can measure, by the first word of its command line.
using items = std::map<std::string, std::function<void(arguments&)>>;

/// Measures the item that the words name. Complains on standard error.
/// @returns the exit code of the program.
int measure(const items& known, std::vector<std::string> words);

} // namespace procession::bench
