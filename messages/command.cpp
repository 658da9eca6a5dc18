#include "procession/messages/command.hpp"

#include "procession/messages/text/enum_name.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace procession {

namespace {

bool has_nul(std::string_view x) {
  return x.find('\0') != std::string_view::npos;
}

std::optional<failure> validate(const environment& x) {
  auto bad_name = [](const std::string& name) {
    return name.empty() || has_nul(name) || name.find('=') != std::string::npos;
  };
  for (auto& [name, value] : x.set) {
    if (bad_name(name))
      return invalid_argument(
        "the environment has a variable with an unusable name: '" + name + "'");
    if (has_nul(value))
      return invalid_argument("the variable " + name + " holds a NUL byte");
  }
  if (std::any_of(x.unset.begin(), x.unset.end(), bad_name))
    return invalid_argument("a variable to unset has an unusable name");
  return std::nullopt;
}

std::optional<failure> validate(const session_limits& x) {
  if (x.retained > max_bytes_limit)
    return invalid_argument("the limit of retained bytes is absurdly large");
  if (x.stdin_queue == 0 || x.stdin_queue > max_bytes_limit)
    return invalid_argument(
      "the limit of queued input must be from 1 byte to 4 GiB");
  return std::nullopt;
}

/// Takes a number of at most `most` from the front of `x`, in decimal and
/// without leading zeros, as Windows writes it.
bool take_number(std::string_view& x, std::uint64_t most) {
  std::uint64_t value = 0;
  auto end = x.data() + x.size();
  auto [rest, ec] = std::from_chars(x.data(), end, value);
  auto size = static_cast<std::size_t>(rest - x.data());
  if (ec != std::errc{} || value > most || (x.front() == '0' && size > 1))
    return false;
  x.remove_prefix(size);
  return true;
}

/// Whether `x` is a SID of revision 1 with its authority and from 1 to 15
/// subauthorities in decimal ([MS-DTYP] 2.4.2.1).
bool is_sid(std::string_view x) {
  constexpr auto prefix = std::string_view{"S-1-"};
  if (!x.starts_with(prefix))
    return false;
  x.remove_prefix(prefix.size());
  // A larger authority would be in hexadecimal; none is in use.
  if (!take_number(x, UINT32_MAX))
    return false;
  auto subauthorities = 0;
  while (x.starts_with('-')) {
    x.remove_prefix(1);
    if (!take_number(x, UINT32_MAX))
      return false;
    ++subauthorities;
  }
  return x.empty() && subauthorities >= 1 && subauthorities <= 15;
}

std::optional<failure> validate(const restriction& x) {
  if (x.capability_sids.size() > max_capability_sids)
    return invalid_argument("more than " + std::to_string(max_capability_sids)
                            + " capability SIDs");
  if (!std::all_of(x.capability_sids.begin(), x.capability_sids.end(), is_sid))
    return invalid_argument("a capability SID is not of the form S-1-15-3-...");
  return std::nullopt;
}

std::optional<failure> validate_time(caf::timespan x, const char* what) {
  if (x < caf::timespan::zero() || x > caf::timespan{max_timespan})
    return invalid_argument(std::string{what} + " must be from zero to a year");
  return std::nullopt;
}

std::string in_ms(caf::timespan x) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
  return std::to_string(ms) + "ms";
}

std::string in_quotes(const std::string& word) {
  auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9')
           || std::string_view{"_-+=./:,@%"}.find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain))
    return word;
  auto result = std::string{"'"};
  for (auto c : word) {
    if (c == '\'')
      result += "'\\''";
    else
      result += c;
  }
  return result + "'";
}

} // namespace

stdio_spec pty(terminal_size size) {
  return {stdio_kind::pty, size};
}

stdio_spec pipes(stdin_kind input) {
  return {stdio_kind::pipes, {}, input};
}

stdio_spec merged(stdin_kind input) {
  return {stdio_kind::merged, {}, input};
}

std::optional<failure> validate(terminal_size x) {
  if (x.rows == 0 || x.cols == 0)
    return invalid_argument("a terminal has at least one row and one column");
  return std::nullopt;
}

std::optional<failure> validate(const command& x) {
  if (x.program.empty())
    return invalid_argument("the program is empty");
  if (has_nul(x.program) || has_nul(x.argv0) || has_nul(x.cwd) || has_nul(x.id)
      || std::any_of(x.args.begin(), x.args.end(), has_nul))
    return invalid_argument(
      "program, arguments, directory and id hold no NUL byte");
  // People see the id, and a terminal would interpret it.
  if (std::any_of(x.id.begin(), x.id.end(),
                  [](unsigned char c) { return c < ' ' || c == 0x7f; }))
    return invalid_argument("an id must not hold control characters");
  if (auto bad = validate(x.env))
    return bad;
  if (x.stdio.kind == stdio_kind::pty) {
    if (auto bad = validate(x.stdio.size))
      return bad;
    if (x.stdio.input == stdin_kind::null)
      return invalid_argument(
        "the input of a terminal cannot be the null device");
  }
  if (auto bad = validate(x.limits))
    return bad;
  if (auto bad = validate(x.restricted))
    return bad;
  if (x.notification_fd != 0
      && (x.notification_fd < 3 || x.notification_fd > 255))
    return invalid_argument(
      "the notification descriptor must be 0, or from 3 to 255");
  for (auto [time, what] :
       {std::pair{x.limits.timeout, "the time-out"},
        std::pair{x.limits.retention, "the retention"},
        std::pair{x.kill.grace, "the grace"},
        std::pair{x.kill.drain_timeout, "the drain deadline"},
        std::pair{x.kill.leftovers_grace, "the time for leftovers"}})
    if (auto bad = validate_time(time, what))
      return bad;
  return std::nullopt;
}

std::string to_string(terminal_size x) {
  return std::to_string(x.rows) + "x" + std::to_string(x.cols);
}

std::string to_string(stdio_kind x) {
  return enum_name(x, "stdio_kind", {"pty", "pipes", "merged"});
}

std::string to_string(stdin_kind x) {
  return enum_name(x, "stdin_kind", {"pipe", "null", "inherit"});
}

std::string to_string(const stdio_spec& x) {
  auto result = to_string(x.kind);
  if (x.kind == stdio_kind::pty)
    result += ' ' + to_string(x.size);
  if (x.input != stdin_kind::pipe)
    result += " stdin " + to_string(x.input);
  return result;
}

std::string to_string(const environment& x) {
  auto result = std::string{x.inherit ? "inherit" : "exact"};
  for (auto& name : x.unset)
    result += " -" + name;
  for (auto& [name, value] : x.set)
    result += " " + name + "=" + in_quotes(value);
  return result;
}

std::string to_string(const session_limits& x) {
  return "retained " + std::to_string(x.retained) + ", stdin queue "
         + std::to_string(x.stdin_queue) + ", time-out " + in_ms(x.timeout)
         + ", retention " + in_ms(x.retention);
}

std::string to_string(background_policy x) {
  return enum_name(x, "background_policy", {"end", "keep"});
}

std::string to_string(const kill_policy& x) {
  auto result = "grace " + in_ms(x.grace) + ", drain " + in_ms(x.drain_timeout)
                + ", leftovers " + in_ms(x.leftovers_grace);
  if (x.background != background_policy::end)
    result += ", background " + to_string(x.background);
  return result;
}

std::string to_string(const restriction& x) {
  if (x.capability_sids.empty())
    return "unrestricted";
  auto result = std::string{"restricted to"};
  for (auto& sid : x.capability_sids)
    result += " " + sid;
  return result;
}

std::string to_string(unsubscribed_policy x) {
  return x == unsubscribed_policy::retain ? "retain" : "pause";
}

std::string to_string(ownership x) {
  return x == ownership::sender ? "sender" : "spawner";
}

std::string to_string(const command& x) {
  auto result = in_quotes(x.program);
  for (auto& arg : x.args)
    result += " " + in_quotes(arg);
  return result;
}

} // namespace procession
