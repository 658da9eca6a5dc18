#include "procession/actors/exec_keys.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace procession {

namespace {

/// What a terminal of the kind xterm sends for its keys.
const std::map<std::string_view, std::string_view>& named_keys() {
  static const std::map<std::string_view, std::string_view> result{
    {"enter", "\r"},       {"tab", "\t"},          {"backspace", "\x7f"},
    {"escape", "\x1b"},    {"space", " "},         {"up", "\x1b[A"},
    {"down", "\x1b[B"},    {"right", "\x1b[C"},    {"left", "\x1b[D"},
    {"home", "\x1b[H"},    {"end", "\x1b[F"},      {"insert", "\x1b[2~"},
    {"delete", "\x1b[3~"}, {"page-up", "\x1b[5~"}, {"page-down", "\x1b[6~"},
    {"f1", "\x1bOP"},      {"f2", "\x1bOQ"},       {"f3", "\x1bOR"},
    {"f4", "\x1bOS"},      {"f5", "\x1b[15~"},     {"f6", "\x1b[17~"},
    {"f7", "\x1b[18~"},    {"f8", "\x1b[19~"},     {"f9", "\x1b[20~"},
    {"f10", "\x1b[21~"},   {"f11", "\x1b[23~"},    {"f12", "\x1b[24~"},
    {"ctrl-\\", "\x1c"},   {"ctrl-]", "\x1d"},     {"ctrl-^", "\x1e"},
    {"ctrl-_", "\x1f"},
  };
  return result;
}

std::optional<std::string> bytes_of(std::string_view key) {
  constexpr std::string_view ctrl = "ctrl-";
  if (key.size() == ctrl.size() + 1 && key.substr(0, ctrl.size()) == ctrl
      && key.back() >= 'a' && key.back() <= 'z')
    return std::string(1, static_cast<char>(key.back() - 'a' + 1));
  auto i = named_keys().find(key);
  if (i == named_keys().end())
    return std::nullopt;
  return std::string{i->second};
}

/// What no byte can do on pipes.
std::optional<input_step> special_on_pipes(std::string_view key) {
  if (key == "ctrl-c")
    return signal_name::interrupt;
  if (key == "ctrl-\\")
    return signal_name::quit;
  if (key == "ctrl-d")
    return end_of_input{};
  return std::nullopt;
}

} // namespace

std::variant<std::vector<input_step>, failure> input_steps(const exec_input& x,
                                                           bool tty) {
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
      return failure{errc::invalid_argument,
                     {stage::validate, 0,
                      "there is no key '" + key
                        + "'; there are ctrl-a to ctrl-z, enter, tab, escape, "
                          "backspace, up, down, left, right, home, end, "
                          "page-up, page-down, insert, delete, f1 to f12"}};
    if (auto special = special_on_pipes(key); special && !tty) {
      flush();
      result.push_back(std::move(*special));
    } else {
      bytes += !tty && key == "enter" ? "\n" : *known;
    }
  }
  flush();
  if (x.close)
    result.push_back(end_of_input{});
  return result;
}

} // namespace procession
