#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace procession::windows {

/// Answers what a pseudoconsole asks its terminal when it starts: what it is
/// (DA1) and where its cursor stands. Newer ones wait up to 3 s for that, and a
/// session may have no subscriber with a terminal. Only what comes before any
/// text is taken for such a question, and then it is not passed on: two answers
/// would reach the program as typed.
class terminal_queries {
public:
  struct result {
    /// The output without the questions that were answered.
    std::string output;
    /// To be typed.
    std::string answer;
  };

  /// The next output. An unfinished sequence is kept until it is whole.
  result take(std::span<const std::byte> bytes);

  /// What was kept when the output ended.
  std::string rest();

  /// Whether text has come, so that everything may pass as it is.
  bool over() const noexcept {
    return over_;
  }

private:
  bool over_ = false;
  std::string kept_;
};

} // namespace procession::windows
