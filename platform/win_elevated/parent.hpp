#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/rules/runner_secret.hpp"
#include "procession/platform/windows/handle.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// A runner's view of its parent.
namespace procession::windows {

/// Takes the secret that our parent wrote to our standard input, which is empty
/// then; returns nothing if there is none. Never waits: a parent writes before
/// it starts us.
std::optional<runner_secret> take_runner_secret();

/// Opens our end of the parent's pipe, overlapped. Waits, 30 s at most, while
/// another client is connected, which the parent will disconnect. The parent
/// can learn our identity, but not act as us (SECURITY_IDENTIFICATION).
/// @param parent the owner that the pipe must have; 0: any.
expected<unique_handle> connect_to_parent(const std::string& name,
                                          std::uint32_t parent);

} // namespace procession::windows
