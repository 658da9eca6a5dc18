// Demo: `./dev demo` runs it. It checks everything that it shows, and exits
// with 1 if anything was not as promised.
//
//   1. Three sessions at once, with their output and events as a subscriber
//      gets them. `build` writes to both streams and fails, `repl` is a Python
//      on a terminal to which we type, `flood` writes without end to a slow
//      subscriber, and is held back instead of filling memory.
//   2. An escape: a session leaves a process behind that is in a session and a
//      group of its own, with another parent and an empty environment. It ends
//      with its session all the same.
//   3. A kill: another process, a host of sessions like these, gets SIGKILL. It
//      cannot clean up any more, and still none of its processes is left.
#include <procession/actors/spawner.hpp>
#include <procession/messages/config.hpp>
#include <procession/platform/runtime.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
namespace ps = procession;

namespace {

/// Longer than anything takes here unless something is wrong.
constexpr auto patience = 15s;

void check(bool as_promised, const std::string& what) {
  if (!as_promised)
    throw std::runtime_error("not as promised: " + what);
}

[[noreturn]] void fail(const caf::error& why) {
  throw std::runtime_error(ps::describe(why));
}

void headline(const std::string& text) {
  std::cout << "\n== " << text << '\n' << std::flush;
}

/// Prints a line with the time since our start and the session's name.
void say(const std::string& who, const std::string& what) {
  static const auto begin = std::chrono::steady_clock::now();
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
              std::chrono::steady_clock::now() - begin)
              .count();
  std::printf("%2d.%03d  %-6s %s\n", static_cast<int>(ms / 1000),
              static_cast<int>(ms % 1000), who.c_str(), what.c_str());
  std::fflush(stdout);
}

ps::command shell(const char* script) {
  return {.program = "sh",
          .args = {"-c", script},
          .stdio = ps::pipes(ps::stdin_kind::null)};
}

/// Starts a process that tries everything to escape, and prints its number: it
/// forks twice, so that it has another parent, is in a session of its own, has
/// an empty environment, and holds no descriptor of its session.
constexpr auto runaway = R"(
  env -i setsid sh -c '
    unset PWD
    sleep 600 </dev/null >/dev/null 2>&1 & echo $!'
)";

// -- what is left -------------------------------------------------------------

/// A process that is not our child. Its number may be reused after its end;
/// this object always means the same process.
class watched_process {
public:
  explicit watched_process(pid_t pid)
    : pid_(pid), fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {
    check(fd_ >= 0, "process " + std::to_string(pid) + " should run");
  }

  watched_process(watched_process&& x) noexcept
    : pid_(x.pid_), fd_(std::exchange(x.fd_, -1)) {
    // nop
  }

  ~watched_process() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  pid_t pid() const noexcept {
    return pid_;
  }

  /// Waits until it has ended, but no longer than `time`.
  bool ends_within(std::chrono::milliseconds time) const {
    pollfd x{fd_, POLLIN, 0};
    int n = 0;
    do
      n = ::poll(&x, 1, static_cast<int>(time.count()));
    while (n < 0 && errno == EINTR);
    return n == 1;
  }

private:
  pid_t pid_;
  int fd_;
};

/// The parent and the session of a process, from proc_pid_stat(5).
struct relations {
  pid_t parent = 0;
  pid_t session = 0;
};

/// Returns them, or nothing if the process has gone.
std::optional<relations> relations_of(pid_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  relations result;
  // pid (name) state ppid pgrp session
  auto end = text.rfind(')');
  if (end == std::string::npos
      || std::sscanf(text.c_str() + end, ") %*c %d %*d %d", &result.parent,
                     &result.session)
           != 2)
    return std::nullopt;
  return result;
}

std::string describe(pid_t pid, const relations& x) {
  return "process " + std::to_string(pid) + ": parent "
         + std::to_string(x.parent) + ", session " + std::to_string(x.session);
}

bool has_environment(pid_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/environ"};
  return in.get() != std::ifstream::traits_type::eof();
}

// -- the audience -------------------------------------------------------------

/// Starts sessions, subscribes to each, and prints their events.
class audience {
public:
  audience(caf::actor_system& system, ps::spawner where)
    : self_(system), where_(std::move(where)) {
    // nop
  }

  /// What the audience knows of a session.
  struct seen {
    ps::session hdl;
    std::string name;
    std::map<ps::stream_kind, std::string> output;
    ps::exit_status status;
    std::optional<ps::closed> end;
    /// The incomplete last line of each stream.
    std::map<ps::stream_kind, std::string> line;
    std::uint64_t received = 0;
  };

  /// @param window the number of bytes that may be on their way to us.
  seen& start(const std::string& name, ps::command what,
              std::uint64_t window = 256 * 1024) {
    what.id = name;
    auto& x = sessions_[name];
    x.name = name;
    // The spawn subscribes in the same step, so no event is missed.
    ps::subscription terms;
    terms.window = window;
    self_->request(where_, patience, ps::spawn_atom_v, what, terms)
      .receive([&](ps::session& hdl) { x.hdl = std::move(hdl); }, fail);
    return x;
  }

  ps::session_info info(const seen& x) {
    ps::session_info result;
    self_->request(x.hdl, patience, ps::info_atom_v)
      .receive([&](ps::session_info& y) { result = std::move(y); }, fail);
    return result;
  }

  void type(const seen& x, const char* text) {
    self_->request(x.hdl, patience, ps::write_atom_v, ps::shared_bytes{text})
      .receive([](std::uint64_t) {}, fail);
  }

  void terminate(const seen& x) {
    self_->request(x.hdl, patience, ps::terminate_atom_v)
      .receive([](const ps::exit_status&) {}, fail);
  }

  /// Receives and prints events until `done`.
  template <class Predicate>
  void until(Predicate done) {
    while (!done())
      self_->receive(
        [&](const ps::started& x) {
          say(x.id, "* runs: process " + std::to_string(x.pid) + ", held by "
                      + to_string(x.containment));
        },
        [&](const ps::output& x) { on(x); },
        [&](const ps::gap&) { check(false, "a gap"); },
        [&](const ps::exited& x) {
          sessions_[x.id].status = x.status;
          say(x.id, "* exited: " + to_string(x.status));
        },
        [&](const ps::closed& x) {
          sessions_[x.id].end = x;
          auto rest = to_string(x.rest);
          say(x.id, "* closed" + (rest.empty() ? rest : ": " + rest));
        },
        caf::after(patience) >> [] { check(false, "events should come"); });
  }

  void until_closed(const seen& x) {
    until([&] { return x.end.has_value(); });
  }

  /// Does not show or acknowledge a session's output until `take_all`, so it
  /// stops when its window is full.
  void ignore(const seen& x) {
    ignored_ = x.name;
  }

  /// Acknowledges a session's output from now on, without showing it.
  void take_all(const seen& x) {
    ignored_.clear();
    quiet_ = x.name;
    self_->send(x.hdl, ps::ack_atom_v, x.received);
  }

private:
  void on(const ps::output& x) {
    auto& who = sessions_[x.id];
    who.received += x.bytes.size();
    if (x.id == ignored_)
      return;
    // Output counts against our window until it is acknowledged.
    self_->send(who.hdl, ps::ack_atom_v, x.bytes.size());
    if (x.id == quiet_)
      return;
    who.output[x.stream] += x.bytes.text();
    auto& line = who.line[x.stream];
    line += x.bytes.text();
    for (std::size_t end; (end = line.find('\n')) != std::string::npos;) {
      auto text = line.substr(0, end);
      line.erase(0, end + 1);
      text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
      say(x.id, (x.stream == ps::stream_kind::out ? "| " : "! ") + text);
    }
  }

  caf::scoped_actor self_;
  ps::spawner where_;
  std::map<ps::session_id, seen> sessions_;
  std::string ignored_;
  std::string quiet_;
};

// -- 1. sessions --------------------------------------------------------------

void show_sessions(caf::actor_system& system, const ps::spawner& where) {
  headline("Three sessions: what they write (| standard output, ! standard "
           "error) and what happens (*)");
  audience all{system, where};
  auto& build = all.start("build", shell(R"(
    for i in 1 2 3 4; do
      echo "[$i/4] compiling part_$i"
      sleep 0.3
    done
    echo "part_4: error: missing ;" >&2
    exit 2)"));
  ps::command python;
  python.program = "python3";
  python.args = {"-q", "-i", "-I"};
  python.env.set["TERM"] = "dumb";
  python.stdio = ps::pty();
  auto& repl = all.start("repl", python);
  constexpr std::uint64_t window = 64 * 1024;
  auto& flood = all.start("flood", shell("exec yes and on and on it goes"),
                          window);
  all.ignore(flood);

  auto& answers = repl.output[ps::stream_kind::out];
  auto said = [&](const char* text) {
    return answers.find(text) != std::string::npos;
  };
  all.until([&] { return said(">>> "); });
  all.type(repl, "print(sum(range(10 ** 6)))\n");
  all.until([&] { return said("499999500000"); });
  // Type the end-of-file key at the next prompt: before, it may be taken for
  // text.
  all.until([&] { return answers.rfind(">>> ") > answers.find("499999"); });
  all.type(repl, "\4");
  all.until_closed(repl);
  all.until_closed(build);
  check(ps::success(repl.status), "the REPL should have ended well");
  check(build.status.code == 2, "the build should have failed with 2");

  all.until([&] { return flood.received == window; });
  auto held = all.info(flood);
  check(held.paused, "the flood should be held back");
  say("flood", "  is held back: " + std::to_string(held.produced.out / 1024)
                 + " KiB were read from it in all this time, of which we took "
                 + std::to_string(window / 1024));
  all.take_all(flood);
  all.terminate(flood);
  all.until_closed(flood);
  check(flood.received == all.info(flood).produced.out,
        "every byte of the flood should have come");
  say("flood", "  every byte of it came: "
                 + std::to_string(flood.received / 1024) + " KiB");
}

// -- 2. an escape -------------------------------------------------------------

void show_escape(caf::actor_system& system, const ps::spawner& where) {
  headline("An escape: a double fork, a session of its own, no environment");
  audience all{system, where};
  // The leader ends when it is told to, and leaves the runaway behind.
  auto script = std::string{runaway} + "read go";
  auto what = shell(script.c_str());
  what.stdio = ps::pipes();
  auto& host = all.start("escape", what);
  auto& out = host.output[ps::stream_kind::out];
  all.until([&] { return out.find('\n') != std::string::npos; });
  watched_process fugitive{static_cast<pid_t>(std::stol(out))};
  auto leader = all.info(host).pid;
  auto at = relations_of(fugitive.pid());
  check(at && at->parent != leader && at->session != leader,
        "it should have got away from its session's leader");
  say("escape", "  " + describe(fugitive.pid(), *at) + ", no environment");
  check(!has_environment(fugitive.pid()), "it should have no environment");
  all.type(host, "go\n");
  all.until_closed(host);
  check(ps::success(host.status), "the leader should have ended by itself");
  check(host.end->rest.ended == 1 && fugitive.ends_within(0ms),
        "the fugitive should have been ended");
  say("escape", "  process " + std::to_string(fugitive.pid()) + " is gone");
}

// -- 3. a kill ----------------------------------------------------------------

/// Plays the process that is killed: a host of three sessions, one of them with
/// a runaway. It prints the numbers of all their processes, and a dot.
int host() {
  ps::runtime runtime;
  ps::config config;
  caf::actor_system system{config};
  auto where = ps::make_spawner(system, runtime);
  caf::scoped_actor self{system};
  auto on_terminal = shell("echo $$; exec sleep 600");
  on_terminal.stdio = ps::pty();
  auto fugitive = std::string{runaway} + "echo $$; exec sleep 600";
  auto expected = 0;
  for (auto& [what, lines] :
       {std::pair{shell("echo $$; sleep 600 & echo $!; wait"), 2},
        std::pair{on_terminal, 1}, std::pair{shell(fugitive.c_str()), 2}}) {
    expected += lines;
    self->request(where, patience, ps::spawn_atom_v, what, ps::subscription{})
      .receive([](const ps::session&) {}, fail);
  }
  while (expected > 0)
    self->receive([](const ps::started&) {},
                  [&](const ps::output& x) {
                    auto text = x.bytes.text();
                    expected -= static_cast<int>(
                      std::count(text.begin(), text.end(), '\n'));
                    std::cout << text;
                  },
                  caf::after(patience) >>
                    [] { check(false, "sessions should start"); });
  std::cout << "." << std::endl;
  // No further event comes before the kill.
  self->receive([](const ps::exited&) {});
  return EXIT_FAILURE;
}

/// Starts this program again as the host. @param output is set to a pipe with
/// its output.
pid_t start_host(int& output) {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC) == 0, "there should be a pipe");
  auto pid = ::fork();
  check(pid >= 0, "there should be another process");
  if (pid == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl("/proc/self/exe", "demo", "--host", nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  output = ends[0];
  return pid;
}

/// Returns the children of a process.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> result;
  std::error_code ec;
  for (auto& entry : std::filesystem::directory_iterator{"/proc", ec}) {
    auto pid = std::atoi(entry.path().filename().c_str());
    auto at = pid > 0 ? relations_of(pid) : std::nullopt;
    if (at && at->parent == parent)
      result.push_back(pid);
  }
  return result;
}

void show_kill() {
  headline("A kill: SIGKILL to a host of three sessions");
  int output = -1;
  auto pid = start_host(output);
  std::string text;
  char some[512];
  ssize_t n = 0;
  while (text.find('.') == std::string::npos
         && (n = ::read(output, some, sizeof(some))) > 0)
    text.append(some, static_cast<std::size_t>(n));
  ::close(output);
  check(text.find('.') != std::string::npos, "the host should have started");
  std::vector<watched_process> processes;
  std::istringstream numbers{text};
  for (pid_t number; numbers >> number;)
    processes.emplace_back(number);
  auto sessions = processes.size();
  check(sessions == 5, "there should be five processes in its sessions");
  // The children of the host are the leaders of the sessions, which we know,
  // and the keeper.
  for (auto child : children_of(pid))
    if (std::none_of(processes.begin(), processes.end(),
                     [&](auto& x) { return x.pid() == child; }))
      processes.emplace_back(child);
  check(processes.size() > sessions, "there should be a keeper");
  say("host", "* process " + std::to_string(pid) + " hosts three sessions");
  for (std::size_t i = 0; i < processes.size(); ++i)
    if (auto at = relations_of(processes[i].pid()))
      say("host", "  " + describe(processes[i].pid(), *at)
                    + (i < sessions ? "" : ", the keeper"));
  ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR)
    continue;
  check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
        "the host should have been killed");
  say("host", "* is killed");
  for (auto& x : processes)
    check(x.ends_within(patience),
          "process " + std::to_string(x.pid()) + " should have ended");
  say("host", "* none of its processes is left, nor its keeper, which ended "
              "them");
}

} // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::string_view{argv[1]} == "--host")
      return host();
    if (argc > 1) {
      std::cerr << "Usage: demo\n";
      return 2;
    }
    ps::runtime runtime;
    ps::config config;
    caf::actor_system system{config};
    auto where = ps::make_spawner(system, runtime);
    show_sessions(system, where);
    show_escape(system, where);
    show_kill();
    headline("All as promised.");
  } catch (const std::exception& x) {
    std::cout << std::flush;
    std::cerr << "demo: " << x.what() << '\n';
    return EXIT_FAILURE;
  }
}
