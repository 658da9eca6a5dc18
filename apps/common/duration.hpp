#pragma once

#include <caf/timespan.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace procession {

/// A time as a person writes it as the value of an option: a number of
/// seconds, or numbers with the units d, h, m, s and ms, the larger one first:
/// `30`, `1.5`, `500ms`, `2m`, `1h30m`.
/// @returns the time, at most `max_timespan`; or what is wrong, as a sentence
///          that quotes `text`.
std::variant<caf::timespan, std::string> parse_duration(std::string_view text);

/// A time as a person reads it, in the notation of `parse_duration` and never
/// more than three digits after the point: `1h30m`, `1.5s`, `250ms`.
std::string to_duration(caf::timespan x);

} // namespace procession
