#pragma once

#include <caf/timespan.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace procession {

/// Reads a time as a person writes it: a number of seconds, or numbers with the
/// units d, h, m, s and ms, larger units first: `30`, `1.5`, `500ms`, `2m`,
/// `1h30m`.
/// @returns the time, at most `max_timespan`; or the problem, as a sentence
/// that
///          quotes `text`.
std::variant<caf::timespan, std::string> parse_duration(std::string_view text);

/// Writes a time for a person, in the notation of `parse_duration` and with at
/// most three digits after the point: `1h30m`, `1.5s`, `250ms`.
std::string to_duration(caf::timespan x);

} // namespace procession
