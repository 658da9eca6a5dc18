#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/rules/logon_policy.hpp"
#include "procession/platform/win_elevated/secret.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace procession::windows {

/// The passwords of users that runners may be, by name of the user. From any
/// thread, one at a time; may block for some seconds while another process
/// changes them. Every failure is at the stage `credentials`.
class credential_store {
public:
  credential_store() = default;
  credential_store(const credential_store&) = delete;
  credential_store& operator=(const credential_store&) = delete;
  virtual ~credential_store() = default;

  /// @returns `no_such_user` if there is none.
  virtual expected<secret> load(const std::string& user) = 0;

  /// Replaces the one that there is, and ends a pause of the user's logons.
  virtual std::optional<failure>
  save(const std::string& user, const secret& password) = 0;

  /// Does nothing if there is none.
  virtual std::optional<failure> remove(const std::string& user) = 0;

  /// Whose passwords there are.
  virtual expected<std::vector<std::string>> list() = 0;

  /// When the last pause of the user's logons ends or has ended; long ago if
  /// there was none.
  virtual expected<logon_clock::time_point>
  paused_until(const std::string& user) = 0;

  /// Notes a pause of the user's logons, at most a second less of it. Does
  /// nothing if no password of that user is stored.
  virtual std::optional<failure>
  pause(const std::string& user, logon_clock::time_point until) = 0;
};

/// What a store answers that has none for `user`.
failure no_credentials(const std::string& user);

/// Keeps them in a file that the system protects (protected_data.hpp), in a
/// directory that is our user's alone. Changes are atomic, and other processes
/// wait for them.
/// @param directory where; made, with the directories above it, if it is not
///        there; empty: `default_credential_directory()`.
std::unique_ptr<credential_store>
make_protected_file_store(std::string directory = {});

/// Below the application data of our user that stays on this machine.
expected<std::string> default_credential_directory();

} // namespace procession::windows
