#pragma once

#include "procession/platform/posix/child_setup.hpp"
#include "procession/platform/posix/identity.hpp"

#include <linux/capability.h>
#include <linux/keyctl.h>

namespace procession::posix {

/// Becomes another user, for good. Unless that user is root, no capability is
/// left in any set (capabilities(7)), whatever capabilities and securebits the
/// host has, and neither the process nor its descendants can gain one
/// (prctl(2), PR_SET_NO_NEW_PRIVS). The process gets an empty session keyring
/// of its own. Must come before the parent-death signal, which a change of user
/// clears.
struct become_user {
  static constexpr auto at = stage::logon;

  /// Null: stays the same user.
  const identity* who;

  boost_error operator()(vfork_launcher& launcher) const noexcept {
    if (who == nullptr)
      return {};
    return change(launcher);
  }

private:
  boost_error change(vfork_launcher& launcher) const noexcept {
    auto unprivileged = who->user != 0;
    // While we may: this needs CAP_SETPCAP. Without it the set stays as it is,
    // which is harmless: the process has no capability and cannot gain one.
    if (unprivileged)
      for (auto cap = 0;
           ::syscall(SYS_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; ++cap)
        continue;
    // The bare calls: those of libc would change the host's other threads too.
    if (auto ec = launcher.check("setgroups",
                                 ::syscall(SYS_setgroups, who->groups.size(),
                                           who->groups.data())))
      return ec;
    if (auto ec = launcher.check("setresgid",
                                 ::syscall(SYS_setresgid, who->group,
                                           who->group, who->group)))
      return ec;
    if (auto ec = launcher.check("setresuid",
                                 ::syscall(SYS_setresuid, who->user, who->user,
                                           who->user)))
      return ec;
    if (auto ec = join_new_keyring(launcher))
      return ec;
    if (unprivileged)
      if (auto ec = drop_privileges(launcher))
        return ec;
    return launcher.check("prctl", ::syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1,
                                             0, 0, 0));
  }

  /// The host's session keyring is inherited, and every process that has it can
  /// read its keys (session-keyring(7)).
  static boost_error join_new_keyring(vfork_launcher& launcher) noexcept {
    auto result = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
    // The kernel has no keyrings, or a filter forbids their use.
    if (result < 0
        && (errno == ENOSYS || errno == EPERM || errno == EOPNOTSUPP))
      return {};
    return launcher.check("keyctl", result);
  }

  static boost_error drop_privileges(vfork_launcher& launcher) noexcept {
    auto header = __user_cap_header_struct{_LINUX_CAPABILITY_VERSION_3, 0};
    // The ambient set follows: it has nothing that these two do not have.
    __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    ::syscall(SYS_capset, &header, none);
    __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3] = {};
    if (auto ec = launcher.check("capget",
                                 ::syscall(SYS_capget, &header, left)))
      return ec;
    for (auto& x : left)
      if ((x.effective | x.permitted | x.inheritable) != 0)
        return launcher.refuse("capset");
    if (::syscall(SYS_setresuid, -1, 0, -1) == 0)
      return launcher.refuse("setresuid");
    return {};
  }
};

} // namespace procession::posix
