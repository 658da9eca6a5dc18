#include "procession/platform/windows/rules/terminal_queries.hpp"

#include <string_view>
#include <utility>

namespace procession::windows {

namespace {

/// The limit of a sequence at a console's start.
constexpr std::size_t longest = 64;

/// The length of the control sequence (ESC [ ... final byte; ECMA-48) at the
/// beginning of `x`; 0: it is incomplete; npos: there is no sequence.
std::size_t sequence_length(std::string_view x) {
  if (x[0] != '\x1b' || (x.size() > 1 && x[1] != '['))
    return std::string_view::npos;
  for (std::size_t i = 2; i < x.size(); ++i)
    if (x[i] >= '\x40' && x[i] <= '\x7e')
      return i + 1;
  return x.size() < longest ? 0 : std::string_view::npos;
}

std::string_view answer_to(std::string_view sequence) {
  // A VT100 of level 1, like the Windows terminal.
  if (sequence == "\x1b[c" || sequence == "\x1b[0c")
    return "\x1b[?61c";
  if (sequence == "\x1b[6n")
    return "\x1b[1;1R";
  return {};
}

} // namespace

terminal_queries::result
terminal_queries::take(std::span<const std::byte> bytes) {
  result made;
  kept_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::string_view left{kept_};
  while (!over_ && !left.empty()) {
    auto n = sequence_length(left);
    if (n == 0)
      break;
    if (n == std::string_view::npos) {
      over_ = true;
      break;
    }
    auto answer = answer_to(left.substr(0, n));
    if (answer.empty())
      made.output.append(left.substr(0, n));
    made.answer.append(answer);
    left.remove_prefix(n);
  }
  if (over_)
    made.output.append(std::exchange(left, {}));
  kept_ = std::string{left};
  return made;
}

std::string terminal_queries::rest() {
  return std::exchange(kept_, {});
}

} // namespace procession::windows
