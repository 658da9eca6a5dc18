#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/rules/logon_policy.hpp"
#include "procession/platform/win_elevated/secret.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace procession::windows {

/// The passwords of the users of runners, by user name. From any thread, one at
/// a time; may block for some seconds while another process changes them. Every
/// failure is at the stage `credentials`.
class credential_store {
public:
  credential_store() = default;
  credential_store(const credential_store&) = delete;
  credential_store& operator=(const credential_store&) = delete;
  virtual ~credential_store() = default;

  /// @returns `no_such_user` if there is no password.
  virtual expected<secret> load(const std::string& user) = 0;

  /// Replaces the password, and ends a pause of the user's logons.
  virtual std::optional<failure>
  save(const std::string& user, const secret& password) = 0;

  /// Does nothing if there is no password.
  virtual std::optional<failure> remove(const std::string& user) = 0;

  /// The users with a password.
  virtual expected<std::vector<std::string>> list() = 0;

  /// The end of the last pause of the user's logons, future or past; a time
  /// long ago if there was none.
  virtual expected<logon_clock::time_point>
  paused_until(const std::string& user) = 0;

  /// Notes a pause of the user's logons, shortened by less than a second. Does
  /// nothing if no password of that user is stored.
  virtual std::optional<failure>
  pause(const std::string& user, logon_clock::time_point until) = 0;
};

/// The failure of a store without a password for `user`.
failure no_credentials(const std::string& user);

/// Makes a store in a file that the system protects (protected_data.hpp), in a
/// directory that only our user can enter. Changes are atomic, and other
/// processes wait for them.
/// @param directory the place; created, with the directories above it, if it is
///        missing; empty: `default_credential_directory()`.
std::unique_ptr<credential_store>
make_protected_file_store(std::string directory = {});

/// Below our user's local application data.
expected<std::string> default_credential_directory();

} // namespace procession::windows
