#include "common/duration.hpp"

#include "procession/messages/command.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <optional>

namespace procession {

namespace {

struct unit {
  std::string_view name;
  caf::timespan length;
};

constexpr std::array<unit, 5> units{{{"d", std::chrono::hours{24}},
                                     {"h", std::chrono::hours{1}},
                                     {"m", std::chrono::minutes{1}},
                                     {"s", std::chrono::seconds{1}},
                                     {"ms", std::chrono::milliseconds{1}}}};

std::string in_quotes(std::string_view text) {
  return '\'' + std::string{text} + '\'';
}

/// Cuts off the leading characters of `text` that are in `set`.
std::string_view cut(std::string_view& text, std::string_view set) {
  auto n = std::min(text.find_first_not_of(set), text.size());
  auto result = text.substr(0, n);
  text.remove_prefix(n);
  return result;
}

/// Cuts off a number of digits with at most one point in it.
std::optional<double> cut_number(std::string_view& text) {
  auto number = cut(text, "0123456789.");
  double result = 0;
  auto end = number.data() + number.size();
  // "1." and ".5" are numbers, "." is not.
  auto read = std::from_chars(number.data(), end, result,
                              std::chars_format::fixed);
  if (read.ec == std::errc::result_out_of_range)
    return std::chrono::duration<double>{max_timespan}.count() * 2;
  if (read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  return result;
}

} // namespace

std::variant<caf::timespan, std::string> parse_duration(std::string_view text) {
  auto wrong = in_quotes(text)
               + " is not a time such as 30, 1.5s, 500ms, 2m or "
                 "1h30m";
  using seconds = std::chrono::duration<double>;
  auto sum = seconds::zero();
  auto next_unit = units.begin();
  auto rest = text;
  do {
    auto number = cut_number(rest);
    if (!number)
      return wrong;
    auto name = cut(rest, "abcdefghijklmnopqrstuvwxyz");
    if (name.empty() && next_unit == units.begin() && rest.empty()) {
      sum = seconds{*number};
      break;
    }
    while (next_unit != units.end() && next_unit->name != name)
      ++next_unit;
    if (next_unit == units.end())
      return wrong;
    sum += *number * seconds{next_unit->length};
    ++next_unit;
  } while (!rest.empty());
  if (sum > seconds{max_timespan})
    return in_quotes(text) + " is longer than 366 days";
  return std::chrono::round<caf::timespan>(sum);
}

std::string to_duration(caf::timespan x) {
  std::string result;
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
  if (ms < 1000)
    return std::to_string(ms) + "ms";
  for (auto& unit : units) {
    auto length = std::chrono::duration_cast<std::chrono::milliseconds>(
                    unit.length)
                    .count();
    auto n = ms / length;
    ms -= n * length;
    if (unit.name == "s" && ms > 0) {
      auto fraction = std::to_string(1000 + ms).substr(1);
      fraction.erase(fraction.find_last_not_of('0') + 1);
      return result + std::to_string(n) + '.' + fraction + 's';
    }
    if (n > 0)
      result.append(std::to_string(n)).append(unit.name);
    if (ms == 0)
      break;
  }
  return result;
}

} // namespace procession
