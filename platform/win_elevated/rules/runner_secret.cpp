#include "procession/platform/win_elevated/rules/runner_secret.hpp"

#include <charconv>

namespace procession::windows {

std::string to_text(const runner_secret& x) {
  return x.nonce + '\n' + std::to_string(x.parent) + '\n';
}

std::optional<runner_secret> parse_runner_secret(std::string_view text) {
  if (text.size() > max_runner_secret)
    return std::nullopt;
  auto line_end = text.find('\n');
  if (line_end == std::string_view::npos || line_end == 0)
    return std::nullopt;
  auto number = text.substr(line_end + 1);
  if (number.empty() || number.back() != '\n')
    return std::nullopt;
  number.remove_suffix(1);
  runner_secret result;
  auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(),
                                   result.parent);
  if (ec != std::errc{} || end != number.data() + number.size()
      || result.parent == 0)
    return std::nullopt;
  result.nonce = text.substr(0, line_end);
  return result;
}

} // namespace procession::windows
