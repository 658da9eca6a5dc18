#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/expected.hpp"
#include "procession/platform/windows/handle.hpp"

namespace procession::windows {

/// The user's part in a restricted token.
enum class own_user {
  /// Objects that the user may write are writable, unless only its groups may.
  kept,
  /// Only objects of the capabilities, the logon session and everyone are
  /// writable.
  dropped,
};

/// Makes a token for CreateProcessAsUser, from our own process's: no privilege
/// but to pass through directories, no administrator (LUA), and write access
/// only to objects that are also open to one of the restricting identifiers
/// (WRITE_RESTRICTED): the capability SIDs, the logon session's, everyone's
/// and, if it is kept, the user's. Objects that are created with it are open to
/// all of these but everyone.
///
/// The null device is open to everyone, and so to these programs; it needs no
/// entry for the capabilities, which only an administrator could add.
/// @returns the failure, if any, at `token`.
expected<unique_handle> make_restricted_token(const restriction& x,
                                              own_user user);

} // namespace procession::windows
