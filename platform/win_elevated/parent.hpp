#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/rules/runner_secret.hpp"
#include "procession/platform/windows/handle.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// What a runner has to do with its parent.
namespace procession::windows {

/// What our parent told us in our standard input, which is empty then; nothing
/// if it told us nothing. Never waits: a parent speaks before it starts us.
std::optional<runner_secret> take_runner_secret();

/// Opens our end of the parent's pipe, overlapped. Waits, 30 s at most, while
/// somebody else is at it, whom the parent will turn away. The parent can learn
/// who we are, but not act as us (SECURITY_IDENTIFICATION).
/// @param parent whose pipe it must be; 0: anybody's.
expected<unique_handle> connect_to_parent(const std::string& name,
                                          std::uint32_t parent);

} // namespace procession::windows
