#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/expected.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace procession::posix {

/// A user that a program can be started as.
struct identity {
  uid_t user = 0;
  gid_t group = 0;
  /// All of its groups.
  std::vector<gid_t> groups;
  /// What a login would set; nothing from us but the language.
  procession::environment env;
};

/// Looks a user up. It may ask the network (nsswitch.conf(5)) and block for
/// that long. Errors: `no_such_user`, `request_failed`.
expected<identity> find_user(const std::string& name);

/// The name of the user that we are, or its number.
std::string own_user_name();

} // namespace procession::posix
