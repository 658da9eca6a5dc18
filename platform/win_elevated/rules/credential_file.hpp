#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace procession::windows {

/// A user's password as bytes that only the system can decrypt.
struct protected_password {
  std::string user;
  std::string bytes;
  /// The end of the pause of the user's logons, in seconds since 1970.
  std::int64_t paused_until = 0;
};

/// The largest valid file, in bytes.
inline constexpr std::size_t max_credential_file = 1024 * 1024;

/// Whether a local account may have that name (NetUserAdd on MSDN): 1 to 20
/// characters, none of `"/\[]:|<>+=;,?*@` and none below a blank, no dot at the
/// end, not all blanks and dots.
bool is_account_name(std::string_view name);

/// Whether both name the same account: Windows ignores case, here in ASCII.
bool is_same_account(std::string_view x, std::string_view y);

/// Returns the text of the file: a line that identifies it, then one for each
/// user: name, bytes in hexadecimal and end of the pause, separated by tabs.
/// @pre all names are of accounts.
std::string to_text(const std::vector<protected_password>& x);

/// @returns nothing if `text` is not such a file, or is visibly damaged.
std::optional<std::vector<protected_password>>
parse_credential_file(std::string_view text);

} // namespace procession::windows
