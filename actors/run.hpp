#pragma once

#include "procession/messages/session.hpp"

#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <cstdint>
#include <string>

namespace procession {

/// The result of a process that ran to its end.
struct run_result {
  /// How the process ended.
  exit_status status;
  /// The first bytes of each stream, up to the cap.
  std::string out;
  std::string err;
  /// Bytes of each stream beyond the cap; they were read and dropped.
  cursor omitted;
  /// Whether both streams were read to their end.
  bool complete = true;
};

/// Runs `spec` to completion and collects its output. Blocks until then, so it
/// must not be called inside an actor; any other thread may call it. If `input`
/// is empty, the child's input is closed at once. The wait has no timeout of
/// its own: set one in the command.
///
///     auto result = run(where, {.program = "make", .args = {"test"}});
///     if (result)
///       std::cout << result->out << to_string(result->status) << '\n';
///
/// @param cap the maximum number of bytes that are kept of each stream.
/// @returns the result; the error of a failed start; or the error of refused
///          input, which also ends the child.
caf::expected<run_result> run(const spawner& where, command spec,
                              shared_bytes input = {},
                              std::uint64_t cap = 16 * 1024 * 1024);

/// As above, for callers with their own `caf::scoped_actor`, which owns the
/// process.
caf::expected<run_result> run(caf::scoped_actor& self, const spawner& where,
                              command spec, shared_bytes input = {},
                              std::uint64_t cap = 16 * 1024 * 1024);

} // namespace procession
