#include "procession/io/line_matcher.hpp"

#include <algorithm>

namespace procession {

line_matcher::line_matcher(std::string_view pattern) {
  while (!pattern.empty()) {
    auto star = std::min(pattern.find('*'), pattern.size());
    if (star > 0)
      pieces_.emplace_back(pattern.substr(0, star));
    pattern.remove_prefix(std::min(star + 1, pattern.size()));
  }
}

bool line_matcher::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    auto end = bytes.find('\n');
    auto part = bytes.substr(0, end);
    line_.append(part.substr(0, max_line - line_.size()));
    if (!part.empty() && matches())
      return true;
    if (end == std::string_view::npos)
      return false;
    line_.clear();
    bytes.remove_prefix(end + 1);
  }
  return false;
}

void line_matcher::skip() {
  line_.clear();
}

bool line_matcher::matches() const {
  std::size_t at = 0;
  for (auto& piece : pieces_) {
    at = line_.find(piece, at);
    if (at == std::string::npos)
      return false;
    at += piece.size();
  }
  return true;
}

} // namespace procession
