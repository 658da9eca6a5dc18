#include "procession/platform/win_elevated/rules/sandbox_plan.hpp"

#include "procession/messages/text/enum_name.hpp"
#include "procession/platform/win_elevated/rules/credential_file.hpp"

#include <algorithm>

namespace procession::windows {

std::string sandbox_user_name(int i) {
  return "ProcessionSandbox" + std::to_string(i);
}

bool is_sandbox_user(const std::string& name) {
  for (auto i = 1; i <= max_sandbox_users; ++i)
    if (is_same_account(name, sandbox_user_name(i)))
      return true;
  return false;
}

bool is_complete(const sandbox_state& x) {
  auto plan = plan_setup(x);
  return !x.users.empty()
         && std::none_of(plan.begin(), plan.end(),
                         [](auto& step) { return step.needed; });
}

std::vector<planned_step> plan_setup(const sandbox_state& x) {
  std::vector<planned_step> result;
  result.push_back({sandbox_step::make_group, "", !x.group});
  for (auto& user : x.users) {
    result.push_back({sandbox_step::make_account, user.name, !user.account});
    // We know the password of a new account.
    result.push_back({sandbox_step::renew_password, user.name,
                      user.account && !user.credentials});
    result.push_back({sandbox_step::join_group, user.name, !user.member});
    result.push_back({sandbox_step::hide_account, user.name, !user.hidden});
  }
  return result;
}

std::vector<planned_step> plan_removal(const sandbox_state& x) {
  std::vector<planned_step> result;
  for (auto& user : x.users) {
    result.push_back({sandbox_step::remove_profile, user.name, user.account});
    result.push_back({sandbox_step::remove_account, user.name, user.account});
    result.push_back({sandbox_step::show_account, user.name, user.hidden});
    result.push_back(
      {sandbox_step::forget_credentials, user.name, user.credentials});
  }
  result.push_back({sandbox_step::remove_group, "", x.group});
  return result;
}

std::string to_string(sandbox_step x) {
  return enum_name(x, "step",
                   {"make the group", "make the account", "renew the password",
                    "join the group", "hide from the logon screen",
                    "remove the profile", "remove the account",
                    "show on the logon screen", "forget the credentials",
                    "remove the group"});
}

} // namespace procession::windows
