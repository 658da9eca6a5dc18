// Sandboxed: one agent, several places. The same actor, with the same messages,
// talks to a shell
//
//   here            as our own child
//   another user    in a runner as the user nobody (if we are root; else in a
//                   runner as ourselves)
//   in a sandbox    in a runner that bubblewrap starts (if there is bwrap):
//                   with a read-only file system, a /tmp of its own, other
//                   processes hidden, and without network
//
// and asks it for its user, and for the things that it can see and do.
//
// A *runner* is a process in another security context that hosts sessions. The
// agent sees no difference: it is given a spawner, which spawns sessions like
// any other. The answers show the difference for the system.
//
// A supervisor sends the agent from place to place, and searches /proc at the
// end for leftovers. It exits with 1 if there are any.
#include <procession/actors/runner_node.hpp>
#include <procession/actors/spawner.hpp>
#include <procession/messages/config.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace fs = std::filesystem;
namespace ps = procession;

namespace {

// -- the agent ----------------------------------------------------------------

struct question {
  std::string about;
  std::string script;
};

const std::vector<question>& questions() {
  static const std::vector<question> result{
    {"who am I", "id"},
    {"may I write to /etc", "test -w /etc && echo yes || echo no"},
    {"entries of /tmp", "ls -A /tmp | wc -l"},
    {"processes in sight", "ls -d /proc/[0-9]* | wc -l"},
    {"network", "echo $(sed -n 's/:.*//p' /proc/net/dev)"},
    {"1 + 2 + ... + 1000",
     "i=0 sum=0; while [ $i -lt 1000 ]; do i=$((i + 1)) sum=$((sum + i)); "
     "done; echo $sum"}};
  return result;
}

/// The shell prints it at the end of each answer.
constexpr auto end_of_answer = "\nOVER\n";

struct agent_state {
  ps::session shell;
  std::size_t asked = 0;
  std::string heard;
  ps::exit_status status;
};

using agent_actor = caf::stateful_actor<agent_state>;

void ask(agent_actor* self) {
  auto& state = ps::state_of(self);
  if (state.asked == questions().size()) {
    // All questions are asked; a shell exits at the end of its input.
    caf::anon_send(state.shell, ps::close_stdin_atom_v);
    return;
  }
  auto line = "{ " + questions()[state.asked].script + "; } 2>&1; "
              + "printf '\\nOVER\\n'\n";
  self
    ->request(state.shell, caf::infinite, ps::write_atom_v,
              ps::shared_bytes{line})
    .then([](std::uint64_t) {});
}

void listen(agent_actor* self, const caf::actor& boss, const ps::output& x) {
  auto& state = ps::state_of(self);
  self->send(state.shell, ps::ack_atom_v, x.bytes.size());
  // Chunks end anywhere, also in the middle of a word.
  state.heard += x.bytes.text();
  auto end = state.heard.find(end_of_answer);
  if (end == std::string::npos)
    return;
  auto answer = state.heard.substr(0, end);
  state.heard.clear();
  while (!answer.empty() && answer.back() == '\n')
    answer.pop_back();
  self->send(boss, questions()[state.asked].about, answer);
  ++state.asked;
  ask(self);
}

/// Talks to a shell that `where` spawns, in any place, reports the answers to
/// `boss` and quits after the last one. An error of a request also ends it,
/// with that as its reason.
/// @param mark an environment variable by which the processes can be found
caf::behavior agent(agent_actor* self, const caf::actor& boss,
                    const ps::spawner& where, const std::string& mark) {
  ps::command spec;
  spec.program = "sh";
  spec.env.set[mark] = "agent";
  self
    ->request(where, caf::infinite, ps::spawn_atom_v, spec, ps::subscription{})
    .then([=](const ps::session& shell) {
      ps::state_of(self).shell = shell;
      ask(self);
    });
  return {
    [](const ps::started&) {},
    [=](const ps::output& x) { listen(self, boss, x); },
    [=](const ps::gap&) {
      // Only a subscriber that asked for `delivery::lossy` gets these.
    },
    [=](const ps::exited& x) { ps::state_of(self).status = x.status; },
    [=](const ps::closed&) {
      // All output has come, and no process is left. A lost runner closes its
      // sessions as well; the status tells.
      if (ps::success(ps::state_of(self).status))
        self->quit();
      else
        self->quit(caf::make_error(caf::sec::runtime_error,
                                   to_string(ps::state_of(self).status)));
    },
  };
}

// -- the places ---------------------------------------------------------------

struct place {
  std::string name;
  /// The options of the runner; empty for a local place.
  std::optional<ps::runner_options> how;
};

/// Returns the path of a program beside this one, or in the PATH; empty if
/// there is none.
std::string find_program(const std::string& name) {
  std::error_code ec;
  auto own = fs::read_symlink("/proc/self/exe", ec).replace_filename(name);
  if (::access(own.c_str(), X_OK) == 0)
    return own;
  auto* path = std::getenv("PATH");
  std::istringstream directories{path != nullptr ? path : ""};
  for (std::string x; std::getline(directories, x, ':');)
    if (auto file = fs::path{x} / name; ::access(file.c_str(), X_OK) == 0)
      return file;
  return {};
}

std::vector<place> make_places() {
  std::vector<place> result{{"here", std::nullopt}};
  // By default a runner is `procession-runner`, which is found beside our own
  // program.
  ps::runner_options user;
  if (::geteuid() == 0) {
    user.user = "nobody";
    result.push_back({"as another user", user});
  } else {
    result.push_back(
      {"in a runner (only root can run one as another user)", user});
  }
  auto bwrap = find_program("bwrap");
  auto runner = find_program("procession-runner");
  if (bwrap.empty() || runner.empty())
    return result;
  // Any command line will do that starts a runner with our standard input and
  // output: ssh(1), docker exec, ...
  ps::runner_options sandbox;
  sandbox.command = {bwrap, "--ro-bind", "/", "/", "--dev", "/dev", "--proc",
                     "/proc", "--tmpfs", "/tmp", "--unshare-net",
                     "--unshare-pid", "--die-with-parent",
                     // The runner may lie in a directory that the sandbox
                     // hides.
                     "--tmpfs", "/run", "--ro-bind", runner,
                     "/run/procession-runner", "/run/procession-runner",
                     "--stdio"};
  result.push_back({"in a sandbox", sandbox});
  return result;
}

// -- who is there -------------------------------------------------------------

/// Returns the processes that carry our mark, wherever they went, and our own
/// children, including zombies.
std::vector<std::string> find_processes(const std::string& mark) {
  std::vector<std::string> result;
  auto read = [](const fs::path& file) {
    // A process may end while its files are read; then the text is empty.
    std::ifstream in{file, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  };
  auto ours = ' ' + std::to_string(::getpid()) + ' ';
  std::error_code ec;
  for (auto& entry : fs::directory_iterator{"/proc", ec}) {
    auto pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos)
      continue;
    // proc(5): pid (name) state ppid ...
    auto stat = read(entry.path() / "stat");
    auto end = stat.rfind(')');
    auto child = end != std::string::npos
                 && stat.compare(end + 3, ours.size(), ours) == 0;
    auto marked = read(entry.path() / "environ").find(mark + '=')
                  != std::string::npos;
    if (child || marked)
      result.push_back(stat.substr(0, end + 3));
  }
  return result;
}

// -- the supervisor -----------------------------------------------------------

struct supervisor_state {
  std::vector<place> places;
  /// The place where the agent is, or was last.
  std::size_t at = 0;
  /// The runner of that place; it ends when the last handle to it is dropped.
  std::optional<ps::runner_node> node;
  /// Its sessions end with the last handle to it.
  ps::spawner spawner;
  bool answered = false;
};

using supervisor_actor = caf::stateful_actor<supervisor_state>;

/// The observations of the supervisor.
struct report {
  /// The largest number of processes that we had at a time.
  std::size_t seen = 0;
  bool failed = false;
};

caf::behavior supervisor(supervisor_actor* self, const ps::runtime* runtime,
                         const std::string& mark, report* result) {
  ps::state_of(self).places = make_places();
  self->set_down_handler([=](const caf::down_msg& down) {
    auto& state = ps::state_of(self);
    if (down.reason) {
      std::cout << "  not here: " << ps::describe(down.reason) << '\n';
      // A missing user, or missing user namespaces, are not our failure.
      result->failed = result->failed || state.answered || !state.node;
    }
    ++state.at;
    if (!state.node)
      return self->send(self, caf::tick_atom_v);
    // The answer comes when nothing of the runner is left.
    self->request(state.node->actor(), caf::infinite, ps::stop_atom_v)
      .then(
        [=](const ps::runner_info& x) {
          if (x.remote_pid != 0)
            std::cout << "  (in a runner of user " << x.user << ", "
                      << to_string(x.state) << " now)\n";
          self->send(self, caf::tick_atom_v);
        },
        [=](const caf::error&) {
          // The runner was lost, which the agent has reported already.
          self->send(self, caf::tick_atom_v);
        });
  });
  self->send(self, caf::tick_atom_v);
  return {
    [=](caf::tick_atom) {
      auto& state = ps::state_of(self);
      state.spawner = nullptr;
      state.node.reset();
      state.answered = false;
      if (state.at == state.places.size())
        return self->quit();
      auto& there = state.places[state.at];
      std::cout << '\n' << there.name << '\n';
      if (there.how) {
        state.node = ps::start_runner(self->system(), *runtime, *there.how);
        state.spawner = ps::make_spawner(self->system(), *state.node);
      } else {
        state.spawner = ps::make_spawner(self->system(), *runtime);
      }
      // From here on there is no difference.
      self->spawn<caf::monitored>(agent, caf::actor{self}, state.spawner, mark);
    },
    [=](const std::string& about, const std::string& answer) {
      ps::state_of(self).answered = true;
      result->seen = std::max(result->seen, find_processes(mark).size());
      std::cout << "  " << std::left << std::setw(22) << about << answer
                << '\n';
    },
  };
}

} // namespace

int main() {
  auto mark = "PROCESSION_SANDBOXED_" + std::to_string(::getpid());
  report result;
  {
    ps::runtime runtime;
    ps::config config;
    caf::actor_system system{config};
    caf::scoped_actor self{system};
    self->wait_for(system.spawn(supervisor, &runtime, mark, &result));
  }
  auto left = find_processes(mark);
  std::cout << '\n';
  for (auto& x : left)
    std::cout << "left: " << x << '\n';
  // If the search found no process while they ran, finding none now proves
  // nothing.
  if (!left.empty() || result.seen == 0 || result.failed) {
    std::cout << "The check failed.\n";
    return EXIT_FAILURE;
  }
  std::cout << "No process of it is left.\n";
}
