#pragma once

#include "procession/messages/expected.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace procession::windows {

// The errors of Windows for a failed logon (winerror.h).
inline constexpr std::int32_t no_such_logon_session = 1312;
inline constexpr std::int32_t wrong_password = 1326;
inline constexpr std::int32_t account_disabled = 1331;
inline constexpr std::int32_t account_locked = 1909;

/// Whether fresh credentials may help after a failure. For a logon these are:
/// the password is wrong, the account is disabled, or there is no such logon
/// session; for the start of a child only the last. Another user can never
/// start a packaged app (below WindowsApps), and Windows reports the last error
/// for that, too.
/// @param program path of the program to be started.
bool is_mended_by_refresh(const failure& why, std::string_view program);

/// Pauses persist across processes, so they are in wall-clock time.
using logon_clock = std::chrono::system_clock;

/// The time without logons of a user after one has failed for good. Two
/// attempts in that time stay below the ten in ten minutes after which Windows
/// 11 locks an account.
inline constexpr auto logon_pause = std::chrono::minutes{5};

/// The steps of a logon. Each returns the failure, if any.
struct logon_steps {
  std::function<std::optional<failure>()> attempt;
  /// Gets other credentials for `attempt`.
  std::function<std::optional<failure>()> refresh;
  /// @returns the end of the user's last pause, future or past.
  std::function<expected<logon_clock::time_point>()> paused_until;
  /// Begins a pause of this user.
  std::function<std::optional<failure>(logon_clock::time_point)> pause;
  std::function<logon_clock::time_point()> now;
};

/// Logs a user on, and bounds failing logons: Windows locks an account after a
/// few wrong passwords. If the attempt fails and fresh credentials may help,
/// refreshes them and attempts it once more. If that fails, a pause begins, in
/// which this fails at once (`logon_paused`).
/// @returns the failure, if any.
std::optional<failure> log_on(const std::string& user, std::string_view program,
                              const logon_steps& how);

} // namespace procession::windows
