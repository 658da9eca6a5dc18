#include "procession/io/text/utf8.hpp"

#include <algorithm>

namespace procession::utf8 {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

unsigned byte_at(std::string_view text, std::size_t i) noexcept {
  return static_cast<unsigned char>(text[i]);
}

bool is_continuation(unsigned x) noexcept {
  return (x & 0xC0) == 0x80;
}

/// Returns the size of a character that begins with this byte; 0 if none does.
std::size_t length_of(unsigned lead) noexcept {
  if (lead < 0x80)
    return 1;
  if (lead < 0xC2)
    return 0;
  if (lead < 0xE0)
    return 2;
  if (lead < 0xF0)
    return 3;
  return lead < 0xF5 ? 4 : 0;
}

/// Whether `second` may follow `lead` (RFC 3629, section 4).
bool may_follow(unsigned lead, unsigned second) noexcept {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return is_continuation(second);
  }
}

/// Returns the size of a piece after conversion.
std::size_t sound_size(piece x) noexcept {
  return x.what == piece::kind::character ? x.size : replacement.size();
}

void add(sound_text& result, std::string_view text, piece x) {
  result.bytes += x.size;
  if (x.what == piece::kind::character) {
    result.text += text.substr(0, x.size);
    return;
  }
  ++result.invalid;
  result.text += replacement;
}

} // namespace

piece first_piece(std::string_view text) noexcept {
  using kind = piece::kind;
  auto lead = byte_at(text, 0);
  auto size = length_of(lead);
  if (size == 1)
    return {kind::character, 1};
  if (size == 0)
    return {kind::invalid, 1};
  auto there = std::min(size, text.size());
  for (std::size_t i = 1; i < there; ++i) {
    auto x = byte_at(text, i);
    if (i == 1 ? !may_follow(lead, x) : !is_continuation(x))
      return {kind::invalid, 1};
  }
  if (there < size)
    return {kind::incomplete, 1};
  return {kind::character, size};
}

std::size_t incomplete_tail(std::string_view text) noexcept {
  auto most = std::min<std::size_t>(3, text.size());
  for (std::size_t n = 1; n <= most; ++n) {
    auto end = text.substr(text.size() - n);
    if (is_continuation(byte_at(end, 0)))
      continue;
    return first_piece(end).what == piece::kind::incomplete ? n : 0;
  }
  return 0;
}

std::size_t continuation_head(std::string_view text) noexcept {
  std::size_t n = 0;
  while (n < 3 && n < text.size() && is_continuation(byte_at(text, n)))
    ++n;
  return n;
}

sound_text take_front(std::string_view text, std::uint64_t limit) {
  sound_text result;
  while (!text.empty()) {
    auto x = first_piece(text);
    if (result.text.size() + sound_size(x) > limit)
      break;
    add(result, text, x);
    text.remove_prefix(x.size);
  }
  return result;
}

sound_text take_back(std::string_view text, std::uint64_t limit) {
  for (auto left = sound_size(text); left > limit;) {
    auto x = first_piece(text);
    left -= sound_size(x);
    text.remove_prefix(x.size);
  }
  return take_front(text, limit);
}

std::uint64_t sound_size(std::string_view text) noexcept {
  std::uint64_t result = 0;
  while (!text.empty()) {
    auto x = first_piece(text);
    result += sound_size(x);
    text.remove_prefix(x.size);
  }
  return result;
}

} // namespace procession::utf8
