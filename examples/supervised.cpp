// Supervised: four processes of different kinds under a supervisor.
//
//   repl     a Python REPL on a terminal: ready at its first prompt; gets
//            a line of input at each prompt
//   build    writes to both streams, and ends successfully
//   flood    writes without end, to a slow subscriber: nothing is lost, since
//            the session holds the flood back (HELD)
//   crasher  dies, leaves a process behind that tries to escape, and is
//            restarted, each time after a longer pause
//
// The supervisor starts, restarts and stops them, and does not look at their
// output: the `audience` subscribes to its events, and to each session that
// these name.
//
// After ten seconds the program ends everything and then searches /proc for
// leftovers. It exits with 1 if there are any.
#include <procession/actors/spawner.hpp>
#include <procession/actors/supervisor.hpp>
#include <procession/messages/config.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
namespace ps = procession;

namespace {

constexpr auto run_time = 10s;
constexpr auto redraw_every = 250ms;

// -- what is to run -----------------------------------------------------------

ps::command shell(const char* script) {
  return {.program = "sh",
          .args = {"-c", script},
          .stdio = ps::pipes(ps::stdin_kind::null)};
}

/// @param mark an environment variable by which their processes can be found
std::vector<ps::child_spec> make_children(const ps::spawner& sessions,
                                          const std::string& mark) {
  ps::command repl;
  repl.program = "python3";
  repl.args = {"-q", "-i", "-I"};
  repl.env.set["TERM"] = "dumb";
  repl.stdio = ps::pty();
  auto build = shell(R"(
    i=0
    while [ $i -lt 20 ]; do
      i=$((i + 1))
      echo "[$i/20] compiling part_$i"
      [ $((i % 4)) -ne 0 ] || echo "part_$i: warning: unused" >&2
      sleep 0.35
    done)");
  auto flood = shell("exec yes and on and on it goes");
  // The process that it leaves behind is in a session and a group of its own.
  auto crasher = shell(R"(
    setsid sleep 600 >/dev/null 2>&1 &
    echo working
    sleep 0.3
    kill -KILL $$)");
  auto child = [&](const char* name, ps::command what,
                   ps::readiness ready = ps::ready_at_once{}) {
    what.env.set[mark] = name;
    // Interactive programs ignore SIGTERM, so do not wait long.
    what.kill.grace = 500ms;
    auto result = ps::session_child(name, sessions, what, ready);
    result.restart = ps::restart_kind::transient;
    result.pause.first = 250ms;
    return result;
  };
  return {child("repl", repl, ps::ready_output{">>> "}), child("build", build),
          child("flood", flood), child("crasher", crasher)};
}

// -- the audience -------------------------------------------------------------

struct audience_state {
  ps::supervisor boss;
  ps::spawner sessions;
  /// The names of the children that own the sessions.
  std::map<ps::session_id, std::string> names;
  /// The bytes of all sessions of a child.
  std::map<std::string, std::map<ps::session_id, ps::cursor>> bytes;
  bool live_table = false;
  std::chrono::steady_clock::time_point begin;
  std::chrono::steady_clock::time_point last_drawn;
  std::size_t lines_drawn = 0;
};

using audience_actor = caf::stateful_actor<audience_state>;

/// Subscribes to a session that was started.
void listen_to(audience_actor* self, const ps::supervisor_event& x) {
  ps::state_of(self).names[x.id] = x.child;
  self
    ->request(ps::state_of(self).sessions, caf::infinite, ps::find_atom_v, x.id)
    .then([=](const ps::session& process) {
      ps::subscription terms;
      terms.window = 64 * 1024;
      self->request(process, caf::infinite, ps::subscribe_atom_v, terms)
        .then([] {});
    });
}

/// Acknowledges output, which counts against our window until then.
void listen(audience_actor* self, const ps::output& x) {
  auto& name = ps::state_of(self).names[x.id];
  auto process = caf::actor_cast<ps::session>(self->current_sender());
  // The flood has 64 KiB on their way, and we take a fifth of a second for each
  // chunk.
  auto slowly = name == "flood" ? caf::timespan{200ms} : caf::timespan{0};
  self->delayed_send(process, slowly, ps::ack_atom_v, x.bytes.size());
  // Type a line at each prompt.
  if (name == "repl" && x.bytes.text().ends_with(">>> "))
    self->delayed_send(self, 600ms, caf::put_atom_v, process);
}

/// Formats one line of the table.
std::string row(const ps::child_info& x, ps::cursor bytes, bool held) {
  std::ostringstream out;
  auto count = [](std::uint64_t n) {
    return n < 100'000 ? std::to_string(n) : std::to_string(n / 1024) + " Ki";
  };
  out << std::left << std::setw(9) << x.name << std::setw(12)
      << to_string(x.state) << std::right << std::setw(8)
      << (x.pid != 0 ? std::to_string(x.pid) : std::string{"-"}) << std::setw(9)
      << count(bytes.out) << std::setw(7) << count(bytes.err) << std::setw(6)
      << (held ? "yes" : "-") << std::setw(10)
      << (x.starts > 0 ? x.starts - 1 : 0) << "  " << x.last_end.substr(0, 40);
  return out.str();
}

void draw(audience_actor* self, const ps::child_list& children,
          const ps::session_list& sessions) {
  auto& state = ps::state_of(self);
  std::map<std::string, bool> held;
  for (auto& x : sessions) {
    auto& name = state.names[x.id];
    state.bytes[name][x.id] = x.produced;
    held[name] |= x.paused;
  }
  // On a terminal the table is redrawn in place, elsewhere one is printed every
  // two seconds.
  auto now = std::chrono::steady_clock::now();
  if (!state.live_table && now - state.last_drawn < 2s)
    return;
  state.last_drawn = now;
  if (!state.live_table)
    std::cout << "\nafter "
              << std::chrono::duration_cast<std::chrono::seconds>(now
                                                                  - state.begin)
                   .count()
              << " s\n";
  else if (state.lines_drawn > 0)
    std::cout << "\033[" << state.lines_drawn << 'A';
  auto* end = state.live_table ? "\033[K\n" : "\n";
  std::cout << "CHILD    STATE            PID   STDOUT STDERR  HELD  RESTARTS  "
               "LAST END"
            << end;
  for (auto& x : children) {
    ps::cursor sum;
    for (auto& [id, bytes] : state.bytes[x.name]) {
      sum.out += bytes.out;
      sum.err += bytes.err;
    }
    std::cout << row(x, sum, held[x.name]) << end;
  }
  std::cout << std::flush;
  state.lines_drawn = children.size() + 1;
}

caf::behavior audience(audience_actor* self, const ps::supervisor& boss,
                       const ps::spawner& sessions, bool live_table) {
  auto& state = ps::state_of(self);
  state.boss = boss;
  state.sessions = sessions;
  state.live_table = live_table;
  state.begin = std::chrono::steady_clock::now();
  state.last_drawn = state.begin;
  self
    ->request(boss, caf::infinite, ps::subscribe_atom_v,
              ps::event_subscription{})
    .then([](std::uint64_t) {});
  self->send(self, caf::tick_atom_v);
  return {
    [=](const ps::supervisor_event& x) {
      self->send(boss, ps::ack_atom_v, std::uint64_t{1});
      if (x.what == ps::supervisor_event_kind::started)
        listen_to(self, x);
      else if (x.what == ps::supervisor_event_kind::ended)
        self->quit();
    },
    [=](const ps::events_missed&) {
      // Too few events are on their way for that to happen here.
    },
    [](const ps::started&) {},
    [=](const ps::output& x) { listen(self, x); },
    [=](const ps::gap&) {
      // Only a subscriber that asked for `delivery::lossy` gets these.
    },
    [=](const ps::exited&) {},
    [=](const ps::closed&) {},
    [=](caf::put_atom, const ps::session& repl) {
      caf::anon_send(repl, ps::write_atom_v,
                     ps::shared_bytes{"sum(range(10 ** 6))\n"});
    },
    [=](caf::tick_atom) {
      self->delayed_send(self, redraw_every, caf::tick_atom_v);
      self->request(boss, caf::infinite, ps::list_atom_v)
        .then([=](const ps::child_list& children) {
          self->request(sessions, caf::infinite, ps::list_atom_v)
            .then([=](const ps::session_list& x) { draw(self, children, x); });
        });
    },
    [=](caf::ok_atom, std::size_t processes) {
      std::cout << "\nEnding " << processes << " processes ...\n";
      ps::state_of(self).lines_drawn = 0;
      self->request(boss, caf::infinite, ps::stop_atom_v).then([] {});
    },
  };
}

// -- who is there -------------------------------------------------------------

/// Returns the processes that carry our mark, wherever they went, and our own
/// children, including zombies.
std::vector<std::string> find_processes(const std::string& mark) {
  std::vector<std::string> result;
  auto read = [](const std::filesystem::path& file) {
    // A process may end while its files are read; then the text is empty.
    std::ifstream in{file, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  };
  auto ours = " " + std::to_string(::getpid()) + " ";
  std::error_code ec;
  for (auto& entry : std::filesystem::directory_iterator{"/proc", ec}) {
    auto pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos)
      continue;
    // proc(5): pid (name) state ppid ...
    auto stat = read(entry.path() / "stat");
    auto end = stat.rfind(')');
    auto child = end != std::string::npos
                 && std::string_view{stat}.substr(end + 3).substr(0,
                                                                  ours.size())
                      == ours;
    auto marked = read(entry.path() / "environ").find(mark + '=')
                  != std::string::npos;
    if (child || marked)
      result.push_back(stat.substr(0, end + 3));
  }
  return result;
}

} // namespace

int main() {
  auto mark = "PROCESSION_DEMO_" + std::to_string(::getpid());
  auto live_table = ::isatty(STDOUT_FILENO) == 1;
  std::size_t seen = 0;
  {
    ps::runtime runtime;
    ps::config config;
    caf::actor_system system{config};
    auto sessions = ps::make_spawner(system, runtime);
    ps::supervisor_options options;
    options.intensity = {20, run_time};
    auto boss = ps::make_supervisor(system, make_children(sessions, mark),
                                    options);
    if (!boss) {
      std::cerr << ps::describe(boss.error()) << '\n';
      return EXIT_FAILURE;
    }
    std::cout << "Four sessions for " << run_time.count()
              << " seconds, held by " << to_string(runtime.containment())
              << ".\n";
    auto viewer = system.spawn(audience, *boss, sessions, live_table);
    caf::scoped_actor self{system};
    self->delayed_send(self, run_time, caf::ok_atom_v);
    self->receive([](caf::ok_atom) {});
    seen = find_processes(mark).size();
    self->send(viewer, caf::ok_atom_v, seen);
    self->wait_for(viewer);
  }
  auto left = find_processes(mark);
  for (auto& x : left)
    std::cout << "left: " << x << '\n';
  // If the search found no process while they ran, finding none now proves
  // nothing.
  if (!left.empty() || seen == 0) {
    std::cout << "The check failed.\n";
    return EXIT_FAILURE;
  }
  std::cout << "No process of it is left.\n";
}
