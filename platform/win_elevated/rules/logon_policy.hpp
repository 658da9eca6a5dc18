#pragma once

#include "procession/messages/expected.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace procession::windows {

// What Windows says when it does not let a user in (winerror.h).
inline constexpr std::int32_t no_such_logon_session = 1312;
inline constexpr std::int32_t wrong_password = 1326;
inline constexpr std::int32_t account_disabled = 1331;
inline constexpr std::int32_t account_locked = 1909;

/// Whether fresh credentials may mend a failure: of a logon that the password
/// is wrong, the account is disabled or there is no such logon session; of the
/// start of a child only the last. A packaged app (below WindowsApps) cannot be
/// started by another user at all, which Windows calls by the last, too.
/// @param program path of what was to be started.
bool is_mended_by_refresh(const failure& why, std::string_view program);

/// Pauses persist across processes, so they are in wall-clock time.
using logon_clock = std::chrono::system_clock;

/// After a logon that failed for good there is none of that user for so long.
/// Two tries in that time stay below the ten in ten minutes after which
/// Windows 11 locks an account.
inline constexpr auto logon_pause = std::chrono::minutes{5};

/// What a logon consists of. Each says why it failed, if it did.
struct logon_steps {
  std::function<std::optional<failure>()> attempt;
  /// Gets other credentials for `attempt` to use.
  std::function<std::optional<failure>()> refresh;
  /// @returns when the pause of this user ends or has ended.
  std::function<expected<logon_clock::time_point>()> paused_until;
  /// Begins a pause of this user.
  std::function<std::optional<failure>(logon_clock::time_point)> pause;
  std::function<logon_clock::time_point()> now;
};

/// Logs a user on, and bounds how often that is done in vain: Windows locks an
/// account after a few wrong passwords. Attempts it and, if that failed by what
/// may be mended so, refreshes the credentials and attempts the same once more.
/// What fails then begins a pause, in which this fails at once
/// (`logon_paused`).
/// @returns why it failed, if it did.
std::optional<failure> log_on(const std::string& user, std::string_view program,
                              const logon_steps& how);

} // namespace procession::windows
