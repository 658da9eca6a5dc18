#pragma once

#include "procession/messages/session.hpp"

#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <cstdint>
#include <string>

namespace procession {

/// What a process that ran to its end left.
struct run_result {
  exit_status status;
  /// The first bytes of each stream, up to the cap.
  std::string out;
  std::string err;
  /// Bytes of each stream beyond the cap; they were read and dropped.
  cursor omitted;
  /// Whether both streams were read to their end.
  bool complete = true;
};

/// Runs `spec` to completion and collects its output; for programs and tests
/// that may block. The child's input is closed at once unless `input` brings
/// some. Dropping out early is not possible: give the command a time-out.
/// @param cap bytes kept of each stream.
/// @returns the error of the start if it did not start; that of the input if it
///          was refused, which ends the child.
caf::expected<run_result> run(caf::scoped_actor& self, const spawner& where,
                              command spec, shared_bytes input = {},
                              std::uint64_t cap = 16 * 1024 * 1024);

} // namespace procession
