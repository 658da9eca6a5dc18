#include "procession/io/line_reader.hpp"

#include "procession/io/text/utf8.hpp"

#include <algorithm>

namespace procession {

line_reader::line_reader(std::size_t limit)
  : limit_(std::max<std::size_t>(limit, 4)) {
  // nop
}

bool line_reader::step(stream_kind stream, std::string_view& bytes,
                       line& result) {
  auto& x = parts_[index(stream)];
  auto make = [&](std::string_view text, bool ends) {
    result = {stream, text, x.begins, ends};
    x.begins = ends;
    return true;
  };
  // The longest line together with its line end.
  auto front = bytes.substr(0, limit_ + 2 - x.begun.size());
  auto ending = front.find('\n');
  if (ending != std::string_view::npos) {
    auto text = front.substr(0, ending);
    auto returned = text.empty() ? x.begun.ends_with('\r')
                                 : text.ends_with('\r');
    if (x.begun.size() + text.size() - (returned ? 1 : 0) <= limit_) {
      bytes.remove_prefix(ending + 1);
      if (!x.begun.empty()) {
        x.made.swap(x.begun);
        x.begun.clear();
        text = x.made += text;
      }
      return make(text.substr(0, text.size() - (returned ? 1 : 0)), true);
    }
  } else if (x.begun.size() + front.size() <= limit_ + 1) {
    x.begun += front;
    bytes.remove_prefix(front.size());
    return false;
  }
  if (x.begun.empty()) {
    auto text = front.substr(0, cut(front));
    bytes.remove_prefix(text.size());
    return make(text, false);
  }
  if (x.begun.size() < limit_) {
    auto missing = limit_ - x.begun.size();
    x.begun += front.substr(0, missing);
    bytes.remove_prefix(missing);
  }
  auto size = cut(x.begun);
  x.made.assign(x.begun, 0, size);
  x.begun.erase(0, size);
  return make(x.made, false);
}

bool line_reader::rest(stream_kind stream, line& result) {
  auto& x = parts_[index(stream)];
  if (x.begun.empty())
    return false;
  auto size = x.begun.size() > limit_ ? cut(x.begun) : x.begun.size();
  x.made.assign(x.begun, 0, size);
  x.begun.erase(0, size);
  result = {stream, x.made, x.begins, false};
  x.begins = false;
  return true;
}

std::size_t line_reader::cut(std::string_view text) const noexcept {
  return limit_ - utf8::incomplete_tail(text.substr(0, limit_));
}

} // namespace procession
