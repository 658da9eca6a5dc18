#include "procession/io/text/typed_echo.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

constexpr std::size_t max_lines = 32;

/// Bytes of a line that are compared.
constexpr std::size_t max_line = 4096;

/// Bytes that may wait: a line with its control sequences.
constexpr std::size_t max_held = 4 * max_line;

/// How many bytes one `pass` may compare: a base, and some more for each new
/// byte.
constexpr std::size_t min_steps = 256 * 1024;
constexpr std::size_t steps_per_byte = 16;

constexpr char escape = '\x1b';

/// Returns the size of the control sequence that `bytes` begin with (ECMA-48,
/// 5.3 to 5.6); 0 if it is not complete.
std::size_t sequence_size(std::string_view bytes) {
  if (bytes.size() < 2)
    return 0;
  if (bytes[1] == '[') {
    for (std::size_t i = 2; i < bytes.size(); ++i)
      if (bytes[i] >= '@' && bytes[i] <= '~')
        return i + 1;
    return 0;
  }
  if (bytes[1] == ']' || bytes[1] == 'P' || bytes[1] == '_') {
    for (std::size_t i = 2; i < bytes.size(); ++i) {
      if (bytes[i] == '\a')
        return i + 1;
      if (bytes[i] == escape)
        return std::min(bytes.size(), i + 2);
    }
    return 0;
  }
  return 2;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '_';
}

} // namespace

void typed_echo::typed(std::string_view bytes) {
  fresh_ = true;
  std::string text;
  for (auto c : bytes) {
    if (c == '\r' || c == '\n')
      expect(std::exchange(text, {}), true);
    else if (is_control(c))
      expect(std::exchange(text, {}), false);
    else if (text.size() < max_line)
      text += c;
  }
  expect(std::move(text), false);
  note_starts();
}

void typed_echo::note_starts() {
  starts_.reset().set(static_cast<unsigned char>(escape));
  for (auto* lines : {&expected_, &again_})
    for (auto& x : *lines)
      starts_.set(static_cast<unsigned char>(x.text.front()));
}

void typed_echo::expect(std::string text, bool ended) {
  if (text.empty())
    return;
  if (expected_.size() >= max_lines)
    expected_.pop_front();
  expected_.push_back({std::move(text), ended});
}

typed_echo::look typed_echo::compare(std::string_view bytes, const line& with) {
  auto& text = with.text;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < bytes.size()) {
    if (steps_left_ == 0)
      return {};
    --steps_left_;
    auto c = bytes[i];
    if (j < text.size() && c == text[j]) {
      ++i;
      if (++j == text.size() && !with.ended)
        return {verdict::echo, i};
    } else if (j == 0) {
      return {};
    } else if (c == escape) {
      auto size = sequence_size(bytes.substr(i));
      auto steps = size == 0 ? bytes.size() - i : size;
      steps_left_ -= std::min(steps_left_, steps);
      if (size == 0)
        return {verdict::maybe};
      i += size;
    } else if (c == '\n') {
      return j == text.size() ? look{verdict::echo, i + 1} : look{};
    } else if (is_control(c)) {
      ++i;
    } else if (c == ' ' && (i + 1 == bytes.size() || bytes[i + 1] == '\r')) {
      // This moves the cursor to the next line of a terminal.
      ++i;
    } else {
      return {};
    }
  }
  return {verdict::maybe};
}

typed_echo::look typed_echo::compare_all(std::string_view bytes) {
  auto maybe = false;
  for (auto i = expected_.begin(); i != expected_.end(); ++i) {
    // A line does not begin within a word.
    if (i->ended ? is_word(last_) : !fresh_)
      continue;
    auto result = compare(bytes, *i);
    maybe = maybe || result.what == verdict::maybe;
    if (result.what != verdict::echo)
      continue;
    if (i->ended && !after_prompt()) {
      if (again_.size() >= max_lines)
        again_.pop_front();
      again_.push_back(std::move(*i));
    }
    // Lines typed before this one have not been echoed and will not be.
    expected_.erase(expected_.begin(), i + 1);
    return result;
  }
  if (after_prompt())
    for (auto i = again_.begin(); i != again_.end(); ++i) {
      auto result = compare(bytes, *i);
      maybe = maybe || result.what == verdict::maybe;
      if (result.what != verdict::echo)
        continue;
      again_.erase(again_.begin(), i + 1);
      return result;
    }
  return {maybe && bytes.size() <= max_held ? verdict::maybe : verdict::no};
}

void typed_echo::passed(char visible) {
  last_but_one_ = std::exchange(last_, visible);
}

bool typed_echo::after_prompt() const {
  auto sign = [](char c) {
    return std::string_view{"$#%>"}.find(c) != std::string_view::npos;
  };
  return sign(last_) || (last_ == ' ' && sign(last_but_one_));
}

void typed_echo::pass(std::string_view bytes, pattern_watch& to) {
  steps_left_ = min_steps + steps_per_byte * bytes.size();
  held_ += bytes;
  std::string_view all{held_};
  std::size_t shown = 0;
  std::size_t i = 0;
  while (i < all.size()) {
    auto rest = all.substr(i);
    if (!starts_[static_cast<unsigned char>(rest.front())]) {
      if (rest.front() != '\r')
        passed(rest.front());
      ++i;
      fresh_ = false;
      continue;
    }
    if (rest.front() == escape) {
      auto size = sequence_size(rest);
      if (size == 0 && rest.size() <= max_line)
        break;
      i += std::max<std::size_t>(size, 1);
      fresh_ = false;
      continue;
    }
    auto found = compare_all(rest);
    if (steps_left_ == 0) {
      to.append(all.substr(shown));
      return give_up();
    }
    if (found.what == verdict::maybe)
      break;
    if (found.what == verdict::echo) {
      to.append(all.substr(shown, i - shown));
      to.append_hidden(rest.substr(0, found.size));
      i += found.size;
      shown = i;
      passed('\n');
      note_starts();
    } else {
      passed(rest.front());
      ++i;
      fresh_ = false;
    }
  }
  to.append(all.substr(shown, i - shown));
  held_.erase(0, i);
}

void typed_echo::give_up() {
  for (auto c : held_)
    if (c != '\r')
      passed(c);
  held_.clear();
  expected_.clear();
  again_.clear();
  fresh_ = false;
  note_starts();
}

void typed_echo::flush(pattern_watch& to) {
  to.append(held_);
  held_.clear();
}

} // namespace procession
