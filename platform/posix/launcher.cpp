#include "procession/platform/posix/launcher.hpp"

#include "procession/platform/posix/become_user.hpp"
#include "procession/platform/posix/child_setup.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string_view>
#include <vector>

namespace procession::posix {

namespace {

constexpr auto default_path = std::string_view{"/usr/local/bin:/usr/bin:/bin"};

/// Runs executable files that are neither binaries nor begin with `#!`, as
/// execvp(3) does.
constexpr auto shell = "/bin/sh";

/// Strings in the form of execve(2). They point into the command, the host's
/// environment and this object, and are valid while those are.
class c_strings {
public:
  void add(const char* x) {
    // As execve(2) says, it does not change them.
    pointers_.push_back(const_cast<char*>(x)); // NOLINT(*-const-cast)
  }

  /// @pre not more are added than were reserved.
  void add_own(std::string x) {
    own_.push_back(std::move(x));
    add(own_.back().c_str());
  }

  void reserve_own(std::size_t n) {
    own_.reserve(n);
  }

  char** finish() {
    pointers_.push_back(nullptr);
    return pointers_.data();
  }

private:
  std::vector<std::string> own_;
  std::vector<char*> pointers_;
};

std::string_view name_of(const char* entry) {
  auto* end = std::strchr(entry, '=');
  return end == nullptr ? std::string_view{entry}
                        : std::string_view{entry, end};
}

void add_environment(c_strings& result, const environment& env,
                     const std::string& marker) {
  result.reserve_own(env.set.size());
  auto overridden = [&](std::string_view name) {
    return env.set.count(std::string{name}) != 0
           || std::find(env.unset.begin(), env.unset.end(), name)
                != env.unset.end();
  };
  if (env.inherit)
    for (auto** entry = ::environ; entry != nullptr && *entry != nullptr;
         ++entry)
      if ((env.set.empty() && env.unset.empty())
          || !overridden(name_of(*entry)))
        result.add(*entry);
  for (auto& [name, value] : env.set)
    result.add_own(name + "=" + value);
  if (!marker.empty())
    result.add(marker.c_str());
}

/// The PATH of the child.
std::string_view path_of(const environment& env) {
  if (auto i = env.set.find("PATH"); i != env.set.end())
    return i->second;
  auto unset = std::find(env.unset.begin(), env.unset.end(), "PATH");
  if (!env.inherit || unset != env.unset.end())
    return default_path;
  auto* inherited = ::getenv("PATH");
  return inherited == nullptr ? default_path : std::string_view{inherited};
}

/// The paths to try, in order. A name with a slash is a path; others are
/// looked up, where an empty entry of PATH is the working directory (exec(3)).
std::vector<std::string> candidates(const command& spec) {
  if (spec.program.find('/') != std::string::npos)
    return {spec.program};
  std::vector<std::string> result;
  auto path = path_of(spec.env);
  while (true) {
    auto colon = path.find(':');
    auto directory = std::string{path.substr(0, colon)};
    if (!directory.empty())
      directory += '/';
    result.push_back(directory + spec.program);
    if (colon == std::string_view::npos)
      return result;
    path.remove_prefix(colon + 1);
  }
}

failure fork_failure(const std::error_code& ec) {
  auto code = errc::spawn_failed;
  auto text = "the system could not create a process";
  switch (ec.value()) {
    case EAGAIN:
    case ENOMEM:
      code = errc::out_of_processes;
      break;
    case EMFILE:
    case ENFILE:
      code = errc::out_of_descriptors;
      text = "no descriptor is left to watch a new process";
      break;
    case EPERM:
    case ENOSYS:
      text = "the system forbids creating a process with a pidfd (clone with "
             "CLONE_PIDFD)";
      break;
    default:
      break;
  }
  return {code, {stage::fork, ec.value(), text}};
}

failure chdir_failure(const command& spec, int os_code) {
  auto code = os_code == ENOENT ? errc::cwd_not_found : errc::cwd_not_usable;
  return {code,
          {stage::chdir, os_code,
           "the working directory '" + spec.cwd + "' cannot be entered"}};
}

failure exec_failure(const command& spec, int os_code) {
  auto program = "the program '" + spec.program + "' ";
  switch (os_code) {
    case ENOENT:
    case ENOTDIR:
      if (spec.program.find('/') == std::string::npos)
        return {errc::program_not_found,
                {stage::resolve, os_code, program + "is not in the PATH"}};
      return {errc::program_not_found,
              {stage::exec, os_code,
               program + "or its interpreter does not exist"
                 + (spec.program.front() == '/' || spec.cwd.empty()
                      ? ""
                      : " in '" + spec.cwd + "'")}};
    case E2BIG:
      return {errc::argument_list_too_long,
              {stage::exec, os_code,
               "arguments and environment are longer than the system allows"}};
    case EMFILE:
    case ENFILE:
      return {errc::out_of_descriptors,
              {stage::exec, os_code, program + "cannot be opened"}};
    case EAGAIN:
    case ENOMEM:
      return {errc::out_of_processes,
              {stage::exec, os_code, program + "cannot be loaded"}};
    default:
      return {errc::not_executable,
              {stage::exec, os_code, program + "cannot be executed"}};
  }
}

failure to_failure(const command& spec, const vfork_launcher& launcher,
                   int os_code) {
  auto at = launcher.at;
  auto call = std::string{
    launcher.failed_call == nullptr ? "" : launcher.failed_call};
  switch (at) {
    case stage::chdir:
      return chdir_failure(spec, os_code);
    case stage::exec:
      return exec_failure(spec, os_code);
    case stage::logon:
      return {os_code == EPERM ? errc::not_permitted : errc::spawn_failed,
              {at, os_code,
               "the new process could not become that user (" + call + ")"
                 + (os_code == EPERM && ::geteuid() != 0
                      ? ", which only root may do"
                      : "")}};
    default:
      return {errc::spawn_failed,
              {at, os_code,
               "the new process could not be set up (" + call + ")"}};
  }
}

failure ended_failure(const command& spec, stage at,
                      launch_attempt::verdict verdict) {
  if (verdict == launch_attempt::verdict::unwanted)
    return {errc::runtime_stopped, {at, 0, "the runtime has ended"}};
  return {errc::deadline_passed,
          {at, 0,
           "the program '" + spec.program
             + "' took too long to start and was killed"}};
}

/// A change of user withdraws the permission to dump core from the memory that
/// the child shares with us (PR_SET_DUMPABLE, prctl(2)). This restores it when
/// the last of such launches is over.
class core_dumps_kept {
public:
  explicit core_dumps_kept(bool needed) : needed_(needed) {
    if (!needed_)
      return;
    std::lock_guard guard{mutex};
    if (launches++ == 0)
      before = ::prctl(PR_GET_DUMPABLE);
  }

  core_dumps_kept(const core_dumps_kept&) = delete;
  core_dumps_kept& operator=(const core_dumps_kept&) = delete;

  ~core_dumps_kept() {
    if (!needed_)
      return;
    std::lock_guard guard{mutex};
    if (--launches == 0 && before == 1)
      ::prctl(PR_SET_DUMPABLE, 1);
  }

private:
  // Static, since the memory belongs to the whole program.
  static inline std::mutex mutex;
  static inline int launches = 0;
  static inline int before = 0;

  bool needed_;
};

} // namespace

expected<launched> launch(const command& spec, const launch_options& options) {
  c_strings argv;
  argv.add(shell);
  argv.add(spec.argv0.empty() ? spec.program.c_str() : spec.argv0.c_str());
  for (auto& arg : spec.args)
    argv.add(arg.c_str());
  c_strings env;
  add_environment(env, spec.env, options.marker);
  auto paths = candidates(spec);
  c_strings path_pointers;
  for (auto& path : paths)
    path_pointers.add(path.c_str());
  vfork_launcher launcher;
  launcher.env = env.finish();
  launcher.paths = path_pointers.finish();
  launcher.flavour = options.flavour;
  launcher.cgroup = options.cgroup;
  auto kept = core_dumps_kept{options.become != nullptr};
  rusage host{};
  ::getrusage(RUSAGE_SELF, &host);
  launch_attempt attempt{options.watch, options.patience};
  launcher.pidfd = &attempt.pidfd();
  std::error_code ec;
  auto made = launcher(
    ec, argv.finish(), new_session{}, join_cgroup{options.cgroup},
    marked{options.limit},
    standard_streams{options.in, options.out, options.err},
    controlling_terminal{options.controlling_terminal},
    only_these_descriptors{options.notification, spec.notification_fd},
    opened_program{options.become != nullptr ? paths.front().c_str() : nullptr},
    become_user{options.become}, parent_death_signal{SIGKILL, ::getpid()},
    working_directory{spec.cwd.c_str()}, default_signals{});
  auto verdict = attempt.end();
  if (made.pid < 0)
    return fork_failure(ec);
  if (ec || verdict != launch_attempt::verdict::in_time) {
    // The process has ended, by itself or killed: the wait only reaps the
    // zombie.
    siginfo_t ignored;
    while (::waitid(P_PID, static_cast<id_t>(made.pid), &ignored, WEXITED) != 0
           && errno == EINTR)
      continue;
    return ec ? to_failure(spec, launcher, ec.value())
              : ended_failure(spec, launcher.at, verdict);
  }
  return launched{made.pid, std::move(made.pidfd),
                  static_cast<std::uint64_t>(host.ru_maxrss) * 1024};
}

} // namespace procession::posix
