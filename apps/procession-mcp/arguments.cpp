#include "arguments.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <string_view>
#include <utility>

namespace tools {

namespace {

/// The names that other tools give to arguments, each with ours.
constexpr std::array<std::pair<std::string_view, std::string_view>, 38> aliases{
  {
    {"cmd", "command"},
    {"script", "command"},
    {"shell_command", "command"},
    {"command_line", "command"},
    {"session", "session_id"},
    {"sessionId", "session_id"},
    {"session_name", "session_id"},
    {"id", "session_id"},
    {"shell_id", "session_id"},
    {"bash_id", "session_id"},
    {"workdir", "cwd"},
    {"working_directory", "cwd"},
    {"workingDirectory", "cwd"},
    {"directory", "cwd"},
    {"dir", "cwd"},
    {"environment", "env"},
    {"pty", "tty"},
    {"terminal", "tty"},
    {"columns", "cols"},
    {"width", "cols"},
    {"height", "rows"},
    {"timeoutMs", "timeout_ms"},
    {"wait_ms", "yield_time_ms"},
    {"yield_ms", "yield_time_ms"},
    {"wait_time_ms", "yield_time_ms"},
    {"max_output", "max_output_bytes"},
    {"max_bytes", "max_output_bytes"},
    {"chars", "text"},
    {"input", "text"},
    {"data", "text"},
    {"key", "keys"},
    {"eof", "close"},
    {"close_stdin", "close"},
    {"wait_for", "until"},
    {"until_text", "until"},
    {"regex", "until_regex"},
    {"pattern", "until_regex"},
    {"sig", "signal"},
  }};

/// Arguments by which models explain themselves to people.
constexpr std::array<std::string_view, 4> remarks{"description", "explanation",
                                                  "justification", "reason"};

std::string type_of(const json& property) {
  auto type = property.value("type", std::string{});
  if (type == "array")
    return "list of strings";
  if (auto values = property.find("enum"); values != property.end())
    return "one of " + values->dump();
  return type;
}

} // namespace

arguments::arguments(std::string tool, const json& schema, const json& given)
  : tool_(std::move(tool)), schema_(schema) {
  if (given.is_null())
    return;
  if (!given.is_object())
    fail("\"arguments\" must be an object");
  auto& properties = schema_.at("properties");
  for (auto& [name, value] : given.items()) {
    if (value.is_null())
      continue;
    auto ours = name;
    if (!properties.contains(name))
      for (auto& [theirs, meant] : aliases)
        if (name == theirs && properties.contains(meant))
          ours = meant;
    if (all_.contains(ours))
      fail("\"" + name + "\" and \"" + ours
           + "\" are the same argument; give one of them");
    all_[ours] = value;
  }
}

const json* arguments::find(const char* name) {
  known_.insert(name);
  auto i = all_.find(name);
  return i == all_.end() ? nullptr : &*i;
}

bool arguments::has(const char* name) {
  return find(name) != nullptr;
}

std::string arguments::text(const char* name) {
  auto* x = find(name);
  if (x == nullptr)
    return {};
  if (!x->is_string())
    fail(name, "must be a string");
  return *x;
}

std::string arguments::needed_text(const char* name) {
  if (!all_.contains(name))
    fail(name, "is missing");
  return text(name);
}

bool arguments::flag(const char* name) {
  auto* x = find(name);
  if (x == nullptr)
    return false;
  if (!x->is_boolean())
    fail(name, "must be true or false");
  return *x;
}

std::uint64_t arguments::number(const char* name, std::uint64_t most,
                                std::uint64_t other) {
  auto* x = find(name);
  if (x == nullptr)
    return other;
  auto result = most;
  auto good = false;
  if (x->is_number_float()) {
    // In JSON 1000.0 is an integer, too.
    auto value = x->get<double>();
    good = value >= 0 && value <= static_cast<double>(most)
           && std::floor(value) == value && value < 0x1p53;
    if (good)
      result = static_cast<std::uint64_t>(value);
  } else if (x->is_number_unsigned()) {
    result = x->get<std::uint64_t>();
    good = result <= most;
  }
  if (!good)
    fail(name, "must be an integer from 0 to " + std::to_string(most));
  return result;
}

caf::timespan arguments::milliseconds(const char* name) {
  // The limit fits into nanoseconds and is longer than anybody waits.
  return std::chrono::milliseconds{number(name, 1'000'000'000'000)};
}

std::vector<std::string> arguments::texts(const char* name) {
  std::vector<std::string> result;
  auto* x = find(name);
  if (x == nullptr)
    return result;
  if (x->is_string())
    return {*x};
  if (!x->is_array())
    fail(name, "must be a list of strings");
  for (auto& y : *x) {
    if (!y.is_string())
      fail(name, "must be a list of strings");
    result.push_back(y);
  }
  return result;
}

procession::environment arguments::variables(const char* name) {
  procession::environment result;
  auto* x = find(name);
  if (x == nullptr)
    return result;
  if (!x->is_object())
    fail(name, "must be an object of strings");
  for (auto& [key, value] : x->items()) {
    if (value.is_string())
      result.set[key] = value;
    else if (value.is_null())
      result.unset.push_back(key);
    else
      fail(name, "must have strings as values, or null to unset a variable");
  }
  return result;
}

void arguments::done() {
  for (auto& remark : remarks)
    known_.emplace(remark);
  for (auto& [key, value] : all_.items())
    if (known_.count(key) == 0)
      fail(key, "is not an argument of this tool");
}

void arguments::fail(const std::string& name, const std::string& what) const {
  fail("\"" + name + "\" " + what);
}

void arguments::fail(const std::string& what) const {
  auto text = what + ". Arguments of " + tool_ + ":";
  auto& required = schema_.at("required");
  for (auto& [name, property] : schema_.at("properties").items()) {
    text += " " + name + " (" + type_of(property);
    for (auto& x : required)
      if (x == name)
        text += ", required";
    text += "),";
  }
  if (text.back() == ',')
    text.back() = '.';
  else
    text += " none.";
  throw bad_arguments{text};
}

} // namespace tools
