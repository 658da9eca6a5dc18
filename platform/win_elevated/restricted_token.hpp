#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/expected.hpp"
#include "procession/platform/windows/handle.hpp"

namespace procession::windows {

/// How much of the user is left in a restricted token.
enum class own_user {
  /// What is open to the user may be written, if it is not open by its groups
  /// only.
  kept,
  /// Only what is open to the capabilities, the logon session and everyone.
  dropped,
};

/// A token for CreateProcessAsUser, from our own process's: no privilege but to
/// pass through directories, no administrator (LUA), and writing only what is
/// also open to one of the restricting identifiers (WRITE_RESTRICTED): the
/// capability SIDs, the logon session's, everyone's and, if it is kept, the
/// user's. What is made with it is open to all of these but everyone.
///
/// The null device is open to everyone, and so to these programs; it needs no
/// entry for the capabilities, which only an administrator could add.
/// @returns why there is none, at `token`.
expected<unique_handle> make_restricted_token(const restriction& x,
                                              own_user user);

} // namespace procession::windows
