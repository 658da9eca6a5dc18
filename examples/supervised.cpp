// Supervised: four processes of different kinds under a supervisor, made of
// plain CAF actors and monitors.
//
//   repl     a Python REPL on a terminal: is given a line at each prompt
//   build    writes to both streams, and ends in good order
//   flood    writes without end, to a slow subscriber: nothing is lost, the
//            session holds the flood back instead (HELD)
//   crasher  dies, leaves a process behind that tries to escape, and is
//            restarted, each time after a longer pause
//
// A `worker` owns one session: the session was spawned by it, so it goes when
// the worker goes. The supervisor monitors its workers; when one is down, it
// restarts it or not. Nothing else is needed: sessions are actors.
//
// After ten seconds it ends everything and then looks into /proc for what may
// be left. It exits with 1 if there is anything.
#include <procession/actors/spawner.hpp>
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
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
namespace ps = procession;

namespace {

constexpr auto run_time = 10s;
constexpr auto redraw_every = 250ms;
constexpr auto first_pause = 250ms;

using draw_atom = caf::atom_constant<caf::atom("draw")>;
using start_worker_atom = caf::atom_constant<caf::atom("start")>;
using finish_atom = caf::atom_constant<caf::atom("finish")>;

// -- workers ------------------------------------------------------------------

struct worker_state {
  ps::session process;
  ps::exit_status status;
};

using worker_actor = caf::stateful_actor<worker_state>;

/// What a worker does with a run of output. It has to acknowledge it some time:
/// until then it counts against the worker's window.
using listener = std::function<void(worker_actor*, const ps::output&)>;

void acknowledge(worker_actor* self, const ps::output& x) {
  self->send(self->state.process, ps::ack_atom_v,
             std::uint64_t{x.bytes.size()});
}

/// Starts a session, listens to it, and is gone when it is over.
caf::behavior worker(worker_actor* self, const ps::spawner& spawner,
                     const ps::command& spec, const listener& listen) {
  self->request(spawner, caf::infinite, ps::spawn_atom_v, spec)
    .then([=](const ps::session& process) {
      self->state.process = process;
      ps::subscription terms;
      terms.window = 64 * 1024;
      self->request(process, caf::infinite, ps::subscribe_atom_v, terms)
        .then([](ps::cursor) {});
    });
  return {
    [=](const ps::output& x) { listen(self, x); },
    [=](const ps::gap&) {
      // Only a subscriber that asked for `delivery::lossy` gets these.
    },
    [=](const ps::exited& x) { self->state.status = x.status; },
    [=](const ps::closed&) {
      // Everything was heard, no process is left.
      if (ps::success(self->state.status))
        self->quit();
      else
        self->quit(caf::make_error(caf::sec::runtime_error,
                                   to_string(self->state.status)));
    },
    [=](finish_atom) {
      caf::anon_send(self->state.process, ps::terminate_atom_v);
    },
  };
}

/// For those who have no use for the output.
void skip(worker_actor* self, const ps::output& x) {
  acknowledge(self, x);
}

/// Has 64 KiB on their way, and takes a fifth of a second for each chunk.
void listen_slowly(worker_actor* self, const ps::output& x) {
  self->delayed_send(self->state.process, 200ms, ps::ack_atom_v,
                     std::uint64_t{x.bytes.size()});
}

/// Types a line whenever there is a prompt.
void talk_to_repl(worker_actor* self, const ps::output& x) {
  acknowledge(self, x);
  auto text = x.bytes.text();
  if (text.size() >= 4 && text.substr(text.size() - 4) == ">>> ")
    caf::delayed_anon_send(self->state.process, 600ms, ps::write_atom_v,
                           ps::shared_bytes{"sum(range(10 ** 6))\n"});
}

// -- what is to run -----------------------------------------------------------

struct job {
  std::string name;
  ps::command spec;
  listener listen;
  bool restart = false;
};

ps::command shell(const char* script) {
  ps::command result;
  result.program = "sh";
  result.args = {"-c", script};
  result.stdio = ps::pipes_no_stdin();
  return result;
}

/// @param mark a variable by which their processes will be known.
std::vector<job> make_jobs(const std::string& mark) {
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
  // The one that it leaves behind is in a session and a group of its own.
  auto crasher = shell(R"(
    setsid sleep 600 >/dev/null 2>&1 &
    echo working
    sleep 0.3
    kill -KILL $$)");
  std::vector<job> result{{"repl", repl, talk_to_repl, false},
                          {"build", build, skip, false},
                          {"flood", flood, listen_slowly, false},
                          {"crasher", crasher, skip, true}};
  for (auto& x : result) {
    x.spec.env.set[mark] = x.name;
    // Interactive programs do not mind SIGTERM: do not wait long.
    x.spec.kill.grace = 500ms;
  }
  return result;
}

// -- the supervisor -----------------------------------------------------------

struct child {
  explicit child(job x) : what(std::move(x)) {
    // nop
  }

  job what;
  caf::actor worker;
  /// Of the session that runs, or ran last.
  std::string id;
  unsigned starts = 0;
  caf::timespan pause = first_pause;
  std::string last_end;
  /// Bytes of the sessions before this one, and of this one.
  ps::cursor before;
  ps::cursor now;
};

struct supervisor_state {
  ps::spawner spawner;
  std::vector<child> children;
  bool finishing = false;
  bool live_table = false;
  std::chrono::steady_clock::time_point begin;
  std::chrono::steady_clock::time_point last_drawn;
  std::size_t lines_drawn = 0;
};

using supervisor_actor = caf::stateful_actor<supervisor_state>;

/// What a worker gave as the reason of its end.
std::string to_text(const caf::error& reason) {
  if (!reason)
    return "exit code 0";
  if (reason.context().match_elements<std::string>())
    return reason.context().get_as<std::string>(0);
  // The session did not even start, for example.
  return ps::describe(reason);
}

void start(supervisor_actor* self, std::size_t index) {
  auto& x = self->state.children[index];
  x.id = x.what.name + '.' + std::to_string(++x.starts);
  x.before.out += std::exchange(x.now.out, 0);
  x.before.err += std::exchange(x.now.err, 0);
  auto spec = x.what.spec;
  spec.id = x.id;
  x.worker = self->spawn<caf::monitored>(worker, self->state.spawner, spec,
                                         x.what.listen);
}

void on_down(supervisor_actor* self, const caf::down_msg& down) {
  auto& all = self->state.children;
  auto i = std::find_if(all.begin(), all.end(), [&](const child& x) {
    return x.worker && x.worker.address() == down.source;
  });
  if (i == all.end())
    return;
  i->worker = nullptr;
  i->last_end = to_text(down.reason);
  if (self->state.finishing) {
    auto over = [](const child& x) { return !x.worker; };
    if (std::all_of(all.begin(), all.end(), over))
      self->quit();
  } else if (i->what.restart && down.reason) {
    auto index = static_cast<std::size_t>(i - all.begin());
    self->delayed_send(self, i->pause, start_worker_atom::value, index);
    i->pause *= 2;
  }
}

/// One line of the table.
std::string row(const child& x, const ps::session_info* info, bool finishing) {
  std::ostringstream out;
  auto state = std::string{"done"};
  if (info)
    state = to_string(info->state);
  else if (x.worker)
    state = "starting";
  else if (x.what.restart && !finishing)
    state = "waiting";
  auto bytes = [](std::uint64_t n) {
    return n < 100'000 ? std::to_string(n) : std::to_string(n / 1024) + " Ki";
  };
  out << std::left << std::setw(9) << x.what.name << std::setw(10) << state
      << std::right << std::setw(8)
      << (info && x.worker ? std::to_string(info->pid) : std::string{"-"})
      << std::setw(9) << bytes(x.before.out + x.now.out) << std::setw(7)
      << bytes(x.before.err + x.now.err) << std::setw(6)
      << (info && info->held_back ? "yes" : "-") << std::setw(10)
      << (x.starts > 0 ? x.starts - 1 : 0) << "  " << x.last_end.substr(0, 40);
  return out.str();
}

void draw(supervisor_actor* self, const std::vector<ps::session_info>& infos) {
  auto& state = self->state;
  auto now = std::chrono::steady_clock::now();
  std::vector<std::string> lines{
    "SESSION  STATE          PID   STDOUT STDERR  HELD  RESTARTS  LAST END"};
  for (auto& x : state.children) {
    auto i = std::find_if(infos.begin(), infos.end(),
                          [&](auto& info) { return info.id == x.id; });
    auto info = i != infos.end() ? &*i : nullptr;
    if (info)
      x.now = info->produced;
    lines.push_back(row(x, info, state.finishing));
  }
  // A table that stays where it is, or one every two seconds.
  if (!state.live_table && now - state.last_drawn < 2s)
    return;
  state.last_drawn = now;
  if (state.live_table && state.lines_drawn > 0)
    std::cout << "\033[" << state.lines_drawn << 'A';
  else if (!state.live_table)
    std::cout << "\nafter "
              << std::chrono::duration_cast<std::chrono::seconds>(now
                                                                  - state.begin)
                   .count()
              << " s\n";
  for (auto& line : lines)
    std::cout << line << (state.live_table ? "\033[K\n" : "\n");
  std::cout << std::flush;
  state.lines_drawn = lines.size();
}

caf::behavior supervisor(supervisor_actor* self, const ps::spawner& spawner,
                         const std::vector<job>& jobs, bool live_table) {
  self->state.spawner = spawner;
  self->state.live_table = live_table;
  self->state.begin = std::chrono::steady_clock::now();
  self->state.last_drawn = self->state.begin;
  for (auto& x : jobs)
    self->state.children.emplace_back(x);
  for (std::size_t i = 0; i < jobs.size(); ++i)
    start(self, i);
  self->set_down_handler([=](const caf::down_msg& x) { on_down(self, x); });
  self->send(self, draw_atom::value);
  return {
    [=](start_worker_atom, std::size_t index) {
      if (!self->state.finishing)
        start(self, index);
    },
    [=](draw_atom) {
      self->delayed_send(self, redraw_every, draw_atom::value);
      self->request(self->state.spawner, caf::infinite, ps::list_atom_v)
        .then([=](const std::vector<ps::session_info>& x) { draw(self, x); });
    },
    [=](finish_atom, std::size_t processes) {
      std::cout << "\nEnding " << processes << " processes ...\n";
      self->state.lines_drawn = 0;
      self->state.finishing = true;
      auto working = false;
      for (auto& x : self->state.children)
        if (x.worker) {
          working = true;
          self->send(x.worker, finish_atom::value);
        }
      if (!working)
        self->quit();
    },
  };
}

// -- who is there -------------------------------------------------------------

/// Processes that carry our mark, wherever they went, and children of ours,
/// dead ones included.
std::vector<std::string> find_processes(const std::string& mark) {
  std::vector<std::string> result;
  auto read = [](const std::filesystem::path& file) {
    // A process may end while it is read; then there is nothing to see.
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
    auto spawner = ps::make_spawner(system, runtime);
    std::cout << "Four sessions for " << run_time.count()
              << " seconds, held by " << to_string(runtime.containment())
              << ".\n";
    auto boss = system.spawn(supervisor, spawner, make_jobs(mark), live_table);
    caf::scoped_actor self{system};
    self->delayed_send(self, run_time, finish_atom::value);
    self->receive([](finish_atom) {});
    seen = find_processes(mark).size();
    self->send(boss, finish_atom::value, seen);
    self->wait_for(boss);
  }
  auto left = find_processes(mark);
  for (auto& x : left)
    std::cout << "left: " << x << '\n';
  // Who finds nothing while they run would find nothing now.
  if (!left.empty() || seen == 0) {
    std::cout << "The check failed.\n";
    return EXIT_FAILURE;
  }
  std::cout << "No process of it is left.\n";
}
