#include "procession/platform/posix/identity.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>

namespace procession::posix {

namespace {

/// An entry of the user database with the memory it points into.
struct user_entry {
  passwd fields{};
  std::vector<char> memory = std::vector<char>(1024);
};

/// Asks the database, with as much memory as it needs (getpwnam_r(3)).
/// @returns 0, or an error; `found` stays null when there is no such user.
int look_up(user_entry& entry, passwd*& found,
            const std::function<int(user_entry&, passwd*&)>& ask) {
  int result;
  while ((result = ask(entry, found)) == ERANGE
         && entry.memory.size() < 1 << 20)
    entry.memory.resize(entry.memory.size() * 2);
  return result;
}

} // namespace

expected<identity> find_user(const std::string& name) {
  user_entry entry;
  passwd* found = nullptr;
  auto os_code = look_up(entry, found, [&](user_entry& x, passwd*& result) {
    return ::getpwnam_r(name.c_str(), &x.fields, x.memory.data(),
                        x.memory.size(), &result);
  });
  if (found == nullptr && os_code != 0 && os_code != ENOENT && os_code != ESRCH)
    return failure{errc::request_failed,
                   {stage::logon, os_code,
                    "the user '" + name + "' could not be looked up"}};
  if (found == nullptr)
    return failure{errc::no_such_user,
                   {stage::logon, 0, "there is no user '" + name + "'"}};
  identity result;
  result.user = found->pw_uid;
  result.group = found->pw_gid;
  auto count = 16;
  do
    result.groups.resize(static_cast<std::size_t>(count));
  while (
    ::getgrouplist(name.c_str(), result.group, result.groups.data(), &count)
    < 0);
  result.groups.resize(static_cast<std::size_t>(count));
  result.env.inherit = false;
  result.env.set = {{"HOME", found->pw_dir},
                    {"USER", name},
                    {"LOGNAME", name},
                    {"SHELL", found->pw_shell},
                    {"PATH", "/usr/local/bin:/usr/bin:/bin"}};
  for (auto* kept : {"LANG", "LC_ALL", "TZ"})
    if (auto* value = ::getenv(kept))
      result.env.set[kept] = value;
  return result;
}

std::string own_user_name() {
  user_entry entry;
  passwd* found = nullptr;
  look_up(entry, found, [](user_entry& x, passwd*& result) {
    return ::getpwuid_r(::geteuid(), &x.fields, x.memory.data(),
                        x.memory.size(), &result);
  });
  return found != nullptr ? found->pw_name : std::to_string(::geteuid());
}

} // namespace procession::posix
