#pragma once

#include <string>
#include <vector>

/// A sandbox is a local group and its users, whose passwords only we know.
namespace procession::windows {

inline constexpr auto sandbox_group = "ProcessionSandboxUsers";

/// The most users of a sandbox.
inline constexpr int max_sandbox_users = 9;

/// The name of its user number `i`, from 1.
std::string sandbox_user_name(int i);

/// Whether it is the name of one of its users.
bool is_sandbox_user(const std::string& name);

/// The present state of a user.
struct sandbox_user {
  std::string name;
  bool account = false;
  /// Whether it is in the group.
  bool member = false;
  /// Whether we have its password.
  bool credentials = false;
  /// Whether the logon screen hides it.
  bool hidden = false;
};

/// The present state of a sandbox.
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
  /// The user of the step; empty for the group.
  std::string user;
  /// Whether the step still has to be taken.
  bool needed = false;
};

/// All steps towards a complete sandbox, in order. If one fails, the next plan
/// finds the results of the earlier ones.
std::vector<planned_step> plan_setup(const sandbox_state& x);

/// All steps that remove a sandbox.
std::vector<planned_step> plan_removal(const sandbox_state& x);

/// Describes a step for a person: "make the account".
std::string to_string(sandbox_step x);

} // namespace procession::windows
