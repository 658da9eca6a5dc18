#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace procession {

/// Looks for a line that has a pattern in it, in bytes that come piece by
/// piece. A `*` of the pattern stands for any run of characters of the line.
class line_matcher {
public:
  /// Bytes of a line that are looked at.
  static constexpr std::size_t max_line = 4096;

  explicit line_matcher(std::string_view pattern);

  /// Takes the next bytes. @returns whether a line, the unfinished last one
  /// included, has the pattern; what is fed after that is of no meaning.
  bool feed(std::string_view bytes);

  /// Bytes were lost: what comes next begins a line of its own.
  void skip();

private:
  bool matches() const;

  /// What has to be found one behind the other.
  std::vector<std::string> pieces_;
  std::string line_;
};

} // namespace procession
