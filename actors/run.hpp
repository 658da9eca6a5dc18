#pragma once

#include "procession/messages/session.hpp"

#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <cstdint>
#include <string>

namespace procession {

/// The result of a process that ran to its end.
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

/// Runs `spec` to completion and collects its output, for programs that may
/// block. The child's input is closed at once unless `input` brings some. The
/// wait has no time-out of its own: give the command one. From any thread but
/// an actor's.
///
///     auto result = run(where, {.program = "make", .args = {"test"}});
///     if (result)
///       std::cout << result->out << to_string(result->status) << '\n';
///
/// @param cap bytes kept of each stream.
/// @returns the error of the start if it did not start; that of the input if it
///          was refused, which ends the child.
caf::expected<run_result> run(const spawner& where, command spec,
                              shared_bytes input = {},
                              std::uint64_t cap = 16 * 1024 * 1024);

/// As above, for a caller with an actor of its own, which owns the process.
caf::expected<run_result> run(caf::scoped_actor& self, const spawner& where,
                              command spec, shared_bytes input = {},
                              std::uint64_t cap = 16 * 1024 * 1024);

} // namespace procession
