#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace procession::windows {

/// A user's password as the system protects it: bytes that only it understands.
struct protected_password {
  std::string user;
  std::string bytes;
  /// Until when there is no logon of the user, in seconds since 1970.
  std::int64_t paused_until = 0;
};

/// The largest file that is taken for one, in bytes.
inline constexpr std::size_t max_credential_file = 1024 * 1024;

/// Whether a local account may have that name (NetUserAdd on MSDN): 1 to 20
/// characters, none of `"/\[]:|<>+=;,?*@` and none below a blank, no dot at the
/// end, not all blanks and dots.
bool is_account_name(std::string_view name);

/// Whether both name the same account: Windows minds no case, here in ASCII.
bool is_same_account(std::string_view x, std::string_view y);

/// The file: a line that says what it is, then one for each user: name, bytes
/// in hexadecimal, the end of the pause, with tabs between. @pre all names are
/// of accounts.
std::string to_text(const std::vector<protected_password>& x);

/// @returns nothing if `text` is no such file, whole and unharmed as far as can
///          be seen.
std::optional<std::vector<protected_password>>
parse_credential_file(std::string_view text);

} // namespace procession::windows
