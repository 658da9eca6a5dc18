#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace procession::windows {

/// Answers the queries of a pseudoconsole at its start: the terminal's type
/// (DA1) and cursor position. Newer ones wait up to 3 s for that, and a session
/// may have no subscriber with a terminal. Only sequences before any text count
/// as queries. They are not passed on: the program would get a second answer as
/// typed input.
class terminal_queries {
public:
  struct result {
    /// The output without the answered queries.
    std::string output;
    /// To be typed.
    std::string answer;
  };

  /// Takes the next output. An incomplete sequence is kept until it is
  /// complete.
  result take(std::span<const std::byte> bytes);

  /// Returns the kept part when the output has ended.
  std::string rest();

  /// Whether text has come, so that all output passes unchanged.
  bool over() const noexcept {
    return over_;
  }

private:
  bool over_ = false;
  std::string kept_;
};

} // namespace procession::windows
