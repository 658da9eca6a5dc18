#pragma once

#include "procession/messages/session.hpp"

#include <chrono>
#include <string>

namespace procession::cli {

/// Writes the events of a session as JSON, one object per line: `event` is its
/// name and `elapsed_us` the time since this object was created, by a monotonic
/// clock; the first line also has the wall-clock time, as `time` (RFC 3339,
/// UTC). `session` is the id; the other members are those of the event, in
/// bytes, or in microseconds if the name ends in `_us`. Output bytes are in
/// base64. Text that is not UTF-8 is shown with replacement characters. Not
/// thread-safe.
class json_events {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit json_events(time_point start = std::chrono::steady_clock::now());

  /// {"event":"started","elapsed_us","time","session","seq","pid","containment",
  /// "program","args"}
  std::string line(const started& x, const command& spec) const;

  /// {"event":"start_failed","elapsed_us","time","code","stage","os_code",
  /// "text"}
  std::string start_failed(const caf::error& x) const;

  /// {"event":"output","elapsed_us","session","seq","stream","offset","bytes"}
  std::string line(const output& x) const;

  /// {"event":"gap","elapsed_us","session","seq","stream","from","to"}
  std::string line(const gap& x) const;

  /// {"event":"stopped","elapsed_us","session","seq","signal"}
  std::string line(const stopped& x) const;

  /// {"event":"continued","elapsed_us","session","seq"}
  std::string line(const continued& x) const;

  /// {"event":"exited","elapsed_us","session","seq","cause","code","signal",
  /// "shell_code","core_dumped","timed_out","by_request","user_us","system_us",
  /// "peak_memory"}
  std::string line(const exited& x) const;

  /// {"event":"closed","elapsed_us","session","seq","complete","why","ended",
  /// "surviving"}
  std::string line(const closed& x) const;

private:
  std::int64_t elapsed() const;

  time_point start_;
};

/// Writes a time as in RFC 3339, in UTC, with microseconds.
std::string to_rfc3339(std::chrono::system_clock::time_point x);

/// Writes base64 as in RFC 4648, with padding.
std::string to_base64(const shared_bytes& x);

} // namespace procession::cli
