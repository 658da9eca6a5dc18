#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/expected.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace procession::posix {

/// A user for a program to run as.
struct identity {
  uid_t user = 0;
  gid_t group = 0;
  /// All groups of the user.
  std::vector<gid_t> groups;
  /// The environment of a login; only the language is ours.
  procession::environment env;
};

/// Looks a user up. May ask the network (nsswitch.conf(5)) and block meanwhile.
/// Errors: `no_such_user`, `request_failed`.
expected<identity> find_user(const std::string& name);

/// The name of our user, or its number.
std::string own_user_name();

} // namespace procession::posix
