// Jobs: runs shell commands, a limited number at a time, as `make -j` does.
//
//     jobs 2 60 'make -C one' 'make -C two' 'make -C three'
//
// runs two at a time, for 60 seconds at most.
//
// What it shows:
//   - an actor that starts sessions with `open`, and gets the events of all of
//     them with `listening`, which acknowledges the output by itself;
//   - a `line_reader` for each session, since chunks may end anywhere;
//   - one request to the spawner ends all sessions, with their descendants: on
//     the first failure, or when the time is up.
//
// It exits with 0 if all jobs succeeded, else with 1.
#include <procession/actors/host.hpp>
#include <procession/actors/listening.hpp>
#include <procession/io/line_reader.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace ps = procession;

namespace {

struct plan {
  std::size_t at_a_time = 2;
  std::chrono::seconds deadline{60};
  std::deque<std::string> jobs;
};

/// Returns a function that shows a line of a job: | for its output, ! for its
/// errors.
auto print(const std::string& name) {
  return [=](const ps::line& x) {
    std::cout << name << (x.stream == ps::stream_kind::out ? "| " : "! ")
              << x.text << '\n';
  };
}

struct job_runner {
  caf::event_based_actor* self;
  ps::spawner where;
  plan todo;
  std::map<std::string, ps::line_reader> running{};
  std::size_t started = 0;
  std::size_t failed = 0;

  void start_some() {
    while (!todo.jobs.empty() && running.size() < todo.at_a_time) {
      auto name = "job" + std::to_string(++started);
      running[name];
      std::cout << name << "$ " << todo.jobs.front() << '\n';
      ps::open(self, where,
               {.program = "sh",
                .args = {"-c", todo.jobs.front()},
                .stdio = ps::pipes(ps::stdin_kind::null),
                .id = name},
               {}, [=, this](const caf::error& why) {
                 end_all(name + ": " + ps::describe(why));
                 forget(name);
               });
      todo.jobs.pop_front();
    }
    if (running.empty()) {
      std::cout << started << " started, " << failed << " failed\n";
      self->quit(failed == 0 ? caf::error{} : caf::exit_reason::user_shutdown);
    }
  }

  void hear(const ps::output& x) {
    running[x.id].feed(x, print(x.id));
  }

  void note(const ps::exited& x) {
    if (!ps::success(x.status))
      end_all(x.id + ": " + to_string(x.status));
  }

  void forget(const std::string& name) {
    running[name].end(print(name));
    running.erase(name);
    start_some();
  }

  void end_all(const std::string& why) {
    std::cout << why << '\n';
    ++failed;
    todo.jobs.clear();
    // Each session gets the grace of its command to clean up.
    caf::anon_send(where, ps::terminate_atom_v);
  }
};

caf::behavior run_jobs(caf::event_based_actor* self, const ps::spawner& where,
                       const plan& what) {
  auto jobs = std::make_shared<job_runner>(job_runner{self, where, what});
  jobs->start_some();
  self->delayed_send(self, what.deadline, ps::terminate_atom_v);
  return ps::listening(self, {
                               .output = [=](auto& x) { jobs->hear(x); },
                               .exited = [=](auto& x) { jobs->note(x); },
                               .closed = [=](auto& x) { jobs->forget(x.id); },
                             })
    .or_else([=](ps::terminate_atom) { jobs->end_all("time is up"); });
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: jobs AT_A_TIME SECONDS COMMAND...\n";
    return EXIT_FAILURE;
  }
  plan what{std::strtoul(argv[1], nullptr, 10),
            std::chrono::seconds{std::atoi(argv[2])},
            {argv + 3, argv + argc}};
  ps::host host;
  caf::scoped_actor self{host.system()};
  auto runner = self->spawn<caf::monitored>(run_jobs, host.spawner(), what);
  auto done = false;
  self->receive([&](const caf::down_msg& x) { done = !x.reason; });
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
