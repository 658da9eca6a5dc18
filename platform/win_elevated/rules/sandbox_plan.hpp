#pragma once

#include <string>
#include <vector>

/// What a sandbox consists of: a local group and users in it, whose passwords
/// only we know.
namespace procession::windows {

inline constexpr auto sandbox_group = "ProcessionSandboxUsers";

/// The most users that a sandbox has.
inline constexpr int max_sandbox_users = 9;

/// The name of its user number `i`, from 1.
std::string sandbox_user_name(int i);

/// Whether it is the name of one of its users.
bool is_sandbox_user(const std::string& name);

/// What there is of a user.
struct sandbox_user {
  std::string name;
  bool account = false;
  /// Whether it is in the group.
  bool member = false;
  /// Whether we have its password.
  bool credentials = false;
  /// Whether the logon screen does not offer it.
  bool hidden = false;
};

/// What there is of a sandbox.
struct sandbox_state {
  bool group = false;
  std::vector<sandbox_user> users;
};

/// Whether nothing is missing.
bool is_complete(const sandbox_state& x);

enum class sandbox_step {
  make_group,
  make_account,
  renew_password,
  join_group,
  hide_account,
  remove_profile,
  remove_account,
  show_account,
  forget_credentials,
  remove_group,
};

struct planned_step {
  sandbox_step what = sandbox_step::make_group;
  /// Whose; empty for the group.
  std::string user;
  /// Whether there is something to be done.
  bool needed = false;
};

/// All steps towards a complete sandbox, in order. Whichever of them fails,
/// what was made before it is found by the next plan.
std::vector<planned_step> plan_setup(const sandbox_state& x);

/// All steps towards none.
std::vector<planned_step> plan_removal(const sandbox_state& x);

/// As a person reads it: "make the account".
std::string to_string(sandbox_step x);

} // namespace procession::windows
