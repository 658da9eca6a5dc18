#include "procession/actors/exec/exec_keys.hpp"

#include "procession/io/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace procession {

namespace {

/// How a terminal like xterm sends a key, alone and with modifiers.
struct key_code {
  enum class form {
    /// These bytes; with Alt, after an escape.
    bytes,
    /// CSI letter; CSI 1 ; modifiers letter.
    csi,
    /// SS3 letter; CSI 1 ; modifiers letter.
    ss3,
    /// CSI number ~; CSI number ; modifiers ~.
    number,
  };
  form is;
  std::string_view code;
};

/// Keys by their names: in lower case, without separators between words.
const std::map<std::string_view, key_code>& named_keys() {
  using enum key_code::form;
  static const std::map<std::string_view, key_code> result{
    {"enter", {bytes, "\r"}},    {"return", {bytes, "\r"}},
    {"cr", {bytes, "\r"}},       {"newline", {bytes, "\n"}},
    {"linefeed", {bytes, "\n"}}, {"lf", {bytes, "\n"}},
    {"tab", {bytes, "\t"}},      {"backspace", {bytes, "\x7f"}},
    {"bspace", {bytes, "\x7f"}}, {"bs", {bytes, "\x7f"}},
    {"escape", {bytes, "\x1b"}}, {"esc", {bytes, "\x1b"}},
    {"space", {bytes, " "}},     {"spacebar", {bytes, " "}},
    {"spc", {bytes, " "}},       {"backtab", {csi, "Z"}},
    {"btab", {csi, "Z"}},        {"up", {csi, "A"}},
    {"down", {csi, "B"}},        {"right", {csi, "C"}},
    {"left", {csi, "D"}},        {"home", {csi, "H"}},
    {"end", {csi, "F"}},         {"insert", {number, "2"}},
    {"ins", {number, "2"}},      {"ic", {number, "2"}},
    {"delete", {number, "3"}},   {"del", {number, "3"}},
    {"dc", {number, "3"}},       {"pageup", {number, "5"}},
    {"pgup", {number, "5"}},     {"ppage", {number, "5"}},
    {"prior", {number, "5"}},    {"pagedown", {number, "6"}},
    {"pgdown", {number, "6"}},   {"pgdn", {number, "6"}},
    {"npage", {number, "6"}},    {"next", {number, "6"}},
    {"f1", {ss3, "P"}},          {"f2", {ss3, "Q"}},
    {"f3", {ss3, "R"}},          {"f4", {ss3, "S"}},
    {"f5", {number, "15"}},      {"f6", {number, "17"}},
    {"f7", {number, "18"}},      {"f8", {number, "19"}},
    {"f9", {number, "20"}},      {"f10", {number, "21"}},
    {"f11", {number, "23"}},     {"f12", {number, "24"}},
  };
  return result;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size()
         && std::equal(word.begin(), word.end(), text.begin(),
                       [](char x, char y) { return x == lower(y); });
}

/// xterm sends the sum of the modifiers plus 1.
enum modifier { shift = 1, alt = 2, ctrl = 4 };

/// Removes a modifier and its separator from the front: "ctrl-", "C+". Returns
/// 0 if there is none.
int take_modifier(std::string_view& key) {
  static constexpr std::array<std::pair<std::string_view, modifier>, 10> words{{
    {"control", ctrl},
    {"ctrl", ctrl},
    {"c", ctrl},
    {"alt", alt},
    {"option", alt},
    {"meta", alt},
    {"m", alt},
    {"a", alt},
    {"shift", shift},
    {"s", shift},
  }};
  for (auto& [word, result] : words)
    if (key.size() > word.size() + 1 && starts_with_word(key, word)
        && (key[word.size()] == '-' || key[word.size()] == '+')) {
      key.remove_prefix(word.size() + 1);
      return result;
    }
  if (key.size() == 2 && key.front() == '^') {
    key.remove_prefix(1);
    return ctrl;
  }
  return 0;
}

/// Normalises a name: "Arrow_Up" and "up arrow" become "up".
std::string plain_name(std::string_view key) {
  std::string result;
  for (auto c : key)
    if (c != '-' && c != '_' && c != ' ')
      result += lower(c);
  constexpr std::string_view arrow = "arrow";
  if (result.starts_with(arrow))
    result.erase(0, arrow.size());
  else if (result.ends_with(arrow))
    result.erase(result.size() - arrow.size());
  return result;
}

std::optional<std::string> with_modifiers(const key_code& key, int modifiers) {
  auto code = std::string{key.code};
  if (key.is == key_code::form::bytes) {
    if (code == "\t" && (modifiers & shift) != 0)
      return std::string{(modifiers & alt) != 0 ? "\x1b\x1b[Z" : "\x1b[Z"};
    if (code == " " && (modifiers & ctrl) != 0)
      code.assign(1, '\0');
    else if ((modifiers & ~alt) != 0)
      return std::nullopt;
    return ((modifiers & alt) != 0 ? "\x1b" : "") + code;
  }
  auto sent = modifiers != 0 ? ';' + std::to_string(modifiers + 1) : "";
  if (key.is == key_code::form::number)
    return "\x1b[" + code + sent + '~';
  if (modifiers != 0)
    return "\x1b[1" + sent + code;
  return (key.is == key_code::form::ss3 ? "\x1bO" : "\x1b[") + code;
}

/// Returns the bytes of one character with modifiers; empty if a terminal has
/// none.
std::optional<std::string> character(std::string_view text, int modifiers) {
  auto c = text.front();
  auto result = std::string{text};
  if ((modifiers & shift) != 0) {
    if (lower(c) < 'a' || lower(c) > 'z')
      return std::nullopt;
    result.assign(1, static_cast<char>(lower(c) - 'a' + 'A'));
  }
  if ((modifiers & ctrl) != 0) {
    // Ctrl applies to the ASCII characters from @ to _.
    auto upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (c == '?')
      result = "\x7f";
    else if (c == '/')
      result = "\x1f";
    else if (upper >= '@' && upper <= '_')
      result.assign(1, static_cast<char>(upper - '@'));
    else
      return std::nullopt;
  }
  return ((modifiers & alt) != 0 ? "\x1b" : "") + result;
}

/// Returns the bytes of a key. It may have any of its names in tmux, terminals,
/// browsers and Emacs.
std::optional<std::string> bytes_of(std::string_view key) {
  // As in <C-c> and {enter}.
  if (key.size() > 2
      && ((key.front() == '<' && key.back() == '>')
          || (key.front() == '{' && key.back() == '}')))
    key = key.substr(1, key.size() - 2);
  auto modifiers = 0;
  while (auto one = take_modifier(key))
    modifiers |= one;
  if (key.empty())
    return std::nullopt;
  auto first = utf8::first_piece(key);
  if (first.what == utf8::piece::kind::character && first.size == key.size())
    return character(key, modifiers);
  auto i = named_keys().find(plain_name(key));
  if (i == named_keys().end())
    return std::nullopt;
  return with_modifiers(i->second, modifiers);
}

/// Returns the step for a key that has no effect as a byte on pipes.
std::optional<input_step> special_on_pipes(std::string_view bytes) {
  if (bytes == "\x03")
    return signal_name::interrupt;
  if (bytes == "\x1c")
    return signal_name::quit;
  if (bytes == "\x04")
    return end_of_input{};
  return std::nullopt;
}

} // namespace

expected<std::vector<input_step>> input_steps(const exec_input& x, bool tty) {
  std::vector<input_step> result;
  std::string bytes;
  auto flush = [&] {
    if (!bytes.empty())
      result.push_back(shared_bytes{std::exchange(bytes, {})});
  };
  if (!tty && x.text == "\x03")
    result.push_back(signal_name::interrupt);
  else
    bytes = x.text;
  for (auto& key : x.keys) {
    auto known = bytes_of(key);
    if (!known)
      return failure{
        errc::invalid_argument,
        {stage::validate, 0,
         "there is no key '" + key
           + "'; there are ctrl-a to ctrl-z, enter, tab, escape, backspace, "
             "up, down, left, right, home, end, page-up, page-down, insert, "
             "delete, f1 to f12, single characters, and these with ctrl-, "
             "alt- or shift-; longer text is not a key"}};
    if (auto special = special_on_pipes(*known); special && !tty) {
      flush();
      result.push_back(std::move(*special));
    } else {
      bytes += !tty && *known == "\r" ? "\n" : *known;
    }
  }
  flush();
  if (x.close)
    result.push_back(end_of_input{});
  return result;
}

} // namespace procession
