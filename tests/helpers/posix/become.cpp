// A host that starts a program as another user: `become HOW` with HOW
//   root     it is root,
//   ambient  it is another user with the ambient capabilities to change that,
//   fixup    it is root, and a change of user takes no capability from it
//            (SECBIT_NO_SETUID_FIXUP),
//   keep     it is root and keeps its capabilities in one (PR_SET_KEEPCAPS),
//   keyring  it is root and has a key in its session keyring.
// The program is this one again, as `become report`: it prints its remaining
// rights, one fact per line.
#include "procession/platform/posix/launcher.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

using namespace procession;

namespace {

constexpr uid_t someone = 33;
constexpr uid_t nobody = 65534;
constexpr auto key_name = "procession-test-become";

/// Prints a step that is impossible here. @returns the exit code.
int unable(const char* what) {
  std::perror(what);
  return 77;
}

/// Gives up root but keeps CAP_SETGID and CAP_SETUID, in all capability sets.
bool become_someone() {
  constexpr auto kept = 1u << CAP_SETGID | 1u << CAP_SETUID;
  auto header = __user_cap_header_struct{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {{kept, kept, kept}, {0, 0, 0}};
  return ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0
         && ::setgroups(0, nullptr) == 0
         && ::setresgid(someone, someone, someone) == 0
         && ::setresuid(someone, someone, someone) == 0
         && ::syscall(SYS_capset, &header, sets) == 0
         && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETGID, 0, 0) == 0
         && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0)
              == 0;
}

/// Adds a key to a session keyring that goes with this process.
bool make_key() {
  return ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0
         && ::syscall(SYS_add_key, "user", key_name, "secret", 6,
                      KEY_SPEC_SESSION_KEYRING)
              >= 0;
}

bool prepare(const std::string& how) {
  if (how == "ambient")
    return become_someone();
  if (how == "fixup")
    return ::prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == 0;
  if (how == "keep")
    return ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0;
  if (how == "keyring")
    return make_key();
  return true;
}

int start_report() {
  posix::identity who;
  who.user = nobody;
  who.group = nobody;
  who.groups = {nobody};
  auto in = posix::unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  auto out = posix::unique_fd{::fcntl(1, F_DUPFD_CLOEXEC, 3)};
  command spec;
  spec.program = std::filesystem::read_symlink("/proc/self/exe");
  spec.args = {"report"};
  posix::launch_options options;
  options.in = in.get();
  options.out = out.get();
  options.err = out.get();
  options.become = &who;
  auto result = posix::launch(spec, options);
  if (!result) {
    std::puts(to_string(result.error()).c_str());
    return 1;
  }
  auto& program = *result;
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(program.pidfd.get()), &info, WEXITED);
  return info.si_status;
}

int report() {
  std::printf("user %d\n", static_cast<int>(::getuid()));
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.rfind("Cap", 0) == 0 || line.rfind("NoNewPrivs", 0) == 0)
      std::printf("%s\n", line.c_str());
  std::printf("key: %s\n",
              ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING,
                        "user", key_name, 0)
                  >= 0
                ? "yes"
                : "no");
  std::printf("root again: %s\n", ::setuid(0) == 0 ? "yes" : "no");
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  auto how = std::string{argc > 1 ? argv[1] : ""};
  if (how == "report")
    return report();
  if (!prepare(how))
    return unable(how.c_str());
  return start_report();
}
