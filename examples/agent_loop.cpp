// Agent loop: what a coding agent does all day, as a script. It
//
//   1. makes a directory and writes a small C++ project with a bug in it,
//   2. builds it,
//   3. starts a server that shows the directory, and learns its port from its
//      output,
//   4. opens a shell on a terminal and keeps it open,
//   5. runs the tests there and sees them fail,
//   6. fixes the bug, builds and tests again,
//   7. fetches the report from the server and sees it log the request,
//   8. interrupts a hanging command with ctrl-C,
//   9. ends everything and checks that nothing is left.
//
// All of it goes through the exec tool (procession/actors/exec_tool.hpp), which
// an agent of a language model calls; the decisions of the model are written
// down here. The tool decides where the commands run: with --as under another
// user, with --runner in the runner that a command line starts, and nothing
// else changes.
//
// It prints each step, and exits with 0 only if every step worked.
#include <procession/actors/exec_tool.hpp>
#include <procession/actors/runner_node.hpp>
#include <procession/actors/spawner.hpp>
#include <procession/messages/config.hpp>

#include <CLI/CLI.hpp>

#include <caf/all.hpp>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

namespace ps = procession;
using namespace std::chrono_literals;

namespace {

/// A step that did not work.
class failed : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

// -- the agent ----------------------------------------------------------------

/// Calls the tool and checks the answers. It may block, as it has nothing else
/// to do; an agent with other work would be an actor.
class agent {
public:
  agent(caf::actor_system& system, ps::exec_tool tool)
    : self_(system), tool_(std::move(tool)) {
    // nop
  }

  /// Runs a script to its end.
  ps::exec_result run(const std::string& script) {
    ps::exec_request x;
    x.script = script;
    x.wait.timeout = 30s;
    auto result = call<ps::exec_result>(ps::exec_atom_v, x);
    // A command that takes longer is not lost: it goes on, and we ask again.
    while (result.state != ps::session_state::closed) {
      auto more = poll(result.id, {});
      more.head = output_text(result) + more.head;
      result = std::move(more);
    }
    return result;
  }

  /// Starts a command that stays, and waits until it has printed `ready`.
  ps::exec_result start(ps::exec_request x, const std::string& ready) {
    x.wait.until = {ready};
    x.wait.timeout = 30s;
    return expect(call<ps::exec_result>(ps::exec_atom_v, x), ready);
  }

  /// Types a text, and waits until `answer` was printed. @returns the output.
  std::string type(const ps::session_id& id, const std::string& text,
                   const std::string& answer,
                   std::vector<std::string> keys = {"enter"}) {
    ps::exec_input x;
    x.id = id;
    x.text = text;
    x.keys = std::move(keys);
    x.wait.until = {answer};
    x.wait.timeout = 30s;
    return output_text(
      expect(call<ps::exec_result>(ps::write_atom_v, x), answer));
  }

  /// Closes the input of a session, and waits for its end.
  ps::exec_result leave(const ps::session_id& id) {
    ps::exec_input x;
    x.id = id;
    x.close = true;
    x.wait.timeout = 30s;
    return call<ps::exec_result>(ps::write_atom_v, x);
  }

  /// Waits until a session has printed `text`. @returns the output.
  std::string wait_for(const ps::session_id& id, const std::string& text) {
    return output_text(expect(poll(id, {text}), text));
  }

  ps::exec_list list() {
    return call<ps::exec_list>(ps::list_atom_v);
  }

  ps::exec_result terminate(const ps::session_id& id) {
    return call<ps::exec_result>(ps::terminate_atom_v, id);
  }

  void terminate_all() {
    call<ps::exec_list>(ps::terminate_atom_v);
  }

private:
  ps::exec_result poll(const ps::session_id& id,
                       std::vector<std::string> texts) {
    ps::exec_poll x;
    x.id = id;
    x.wait.until = std::move(texts);
    x.wait.timeout = 60s;
    return call<ps::exec_result>(ps::poll_atom_v, x);
  }

  static ps::exec_result expect(ps::exec_result x, const std::string& text) {
    if (x.wait != ps::wait_result::matched)
      throw failed{"\"" + text + "\" did not come: " + status_line(x) + "\n"
                   + output_text(x)};
    return x;
  }

  template <class Result, class... Ts>
  Result call(Ts... request) {
    Result result;
    caf::error problem;
    // The tool has its own time-outs, so it always answers.
    self_->request(tool_, caf::infinite, std::move(request)...)
      .receive([&](Result& x) { result = std::move(x); },
               [&](caf::error& x) { problem = std::move(x); });
    if (problem)
      throw failed{ps::describe(problem)};
    return result;
  }

  caf::scoped_actor self_;
  ps::exec_tool tool_;
};

// -- what it works on ---------------------------------------------------------

/// Counts words, with a bug: it counts a word for each of two spaces.
constexpr auto project = R"(
cat > words.hpp <<'END'
#pragma once
#include <string>

inline int count_words(const std::string& text) {
  int words = 0;
  char before = ' ';
  for (char c : text) {
    if (c != ' ' || before == ' ')
      words += before == ' ';
    before = c;
  }
  return words;
}
END
cat > test.cpp <<'END'
#include "words.hpp"
#include <cstdio>

int main() {
  struct { const char* text; int words; } cases[]
    = {{"", 0}, {"one", 1}, {"one two", 2}, {"one  two", 2}, {"a b c", 3}};
  int wrong = 0;
  for (auto& x : cases)
    if (int n = count_words(x.text); n != x.words) {
      std::printf("FAILED: \"%s\" has %d words, not %d\n", x.text, x.words, n);
      ++wrong;
    }
  std::printf("%d of 5 tests passed\n", 5 - wrong);
  return wrong != 0;
}
END
)";

constexpr auto build = "c++ -std=c++17 -Wall -o test test.cpp 2>&1";

/// The fix that the agent finds for the bug.
constexpr auto fix = "sed -i \"s/c != ' ' || before == ' '/c != ' '/\" "
                     "words.hpp";

void step(const std::string& text) {
  std::cout << "- " << text << std::endl;
}

void check(bool fine, const std::string& what) {
  if (!fine)
    throw failed{what};
}

// -- the task -----------------------------------------------------------------

/// The project's directory, which is removed in any case.
class work_directory {
public:
  explicit work_directory(agent& who) : agent_(who) {
    auto made = agent_.run("mktemp -d /tmp/agent-loop-XXXXXX");
    check(success(made.status), "no directory: " + output_text(made));
    path_ = made.head.substr(0, made.head.find('\n'));
  }

  work_directory(const work_directory&) = delete;
  work_directory& operator=(const work_directory&) = delete;

  ~work_directory() {
    try {
      agent_.terminate_all();
      agent_.run("rm -r " + path_);
    } catch (const std::exception& x) {
      std::cout << "  " << path_ << " is left: " << x.what() << '\n';
    }
  }

  const std::string& path() const {
    return path_;
  }

private:
  agent& agent_;
  std::string path_;
};

/// Returns the number after `text`.
int number_after(const std::string& output, const std::string& text) {
  auto at = output.find(text);
  return at == std::string::npos ? 0
                                 : std::atoi(output.c_str() + at + text.size());
}

void work(agent& me) {
  work_directory directory{me};
  auto in_directory = "cd " + directory.path() + " && ";
  step("a project in " + directory.path());
  auto made = me.run(in_directory + project + build);
  check(success(made.status), "it does not build: " + output_text(made));
  step("it builds: " + status_line(made));

  ps::exec_request server;
  server.id = "server";
  server.cwd = directory.path();
  server.argv = {"python3", "-u",        "-m", "http.server",
                 "--bind",  "127.0.0.1", "0"};
  auto started = me.start(server, ") ...\n");
  auto port = number_after(output_text(started), " port ");
  check(port != 0, "no port in: " + output_text(started));
  step("a server on port " + std::to_string(port) + ": "
       + status_line(started));

  ps::exec_request terminal;
  terminal.id = "shell";
  terminal.argv = {"sh"};
  terminal.cwd = directory.path();
  terminal.env.set["PS1"] = "agent> ";
  terminal.tty = true;
  me.start(terminal, "agent> ");
  step("a shell on a terminal");

  auto test = [&] {
    return me.type("shell", "./test | tee report; echo done-here", "done-here");
  };
  auto before = test();
  check(before.find("FAILED: \"one  two\" has 2 words, not 3") != before.npos
          && before.find("4 of 5 tests passed") != before.npos,
        "the bug is not seen: " + before);
  step("the tests see a bug: 4 of 5 passed");

  auto fixed = me.run(in_directory + fix + " && " + build);
  check(success(fixed.status), "it does not build: " + output_text(fixed));
  step("a fix, and it builds: " + status_line(fixed));
  auto after = test();
  check(after.find("5 of 5 tests passed") != after.npos,
        "the bug is still there: " + after);
  step("all tests pass, in the same shell");

  auto fetched = me.run("python3 -c 'import urllib.request as u; "
                        "print(u.urlopen(\"http://127.0.0.1:"
                        + std::to_string(port)
                        + "/report\", timeout=10).read().decode())'");
  check(fetched.head.find("5 of 5 tests passed") != std::string::npos,
        "the server does not have the report: " + output_text(fetched));
  me.wait_for("server", "\"GET /report HTTP/1.1\" 200");
  step("the server shows the report, and said who asked");

  me.type("shell", "sh -c 'echo hangs-now; exec cat'", "hangs-now");
  me.type("shell", "", "agent> ", {"ctrl-c"});
  step("ctrl-C ends what hangs, not the shell");

  check(me.list().size() == 2, "there are not two sessions");
  auto ended = me.terminate("server");
  check(ended.status.by_request, "the server ended by itself");
  step("the server is ended: " + to_string(ended.status));
  me.type("shell", "kill -0 $$ && echo alive-still", "alive-still");
  check(success(me.leave("shell").status), "the shell does not end well");
  check(me.list().empty(), "there is a session left");
  step("no session is left");
}

// -- where --------------------------------------------------------------------

struct choices {
  std::string user;
  std::string runner;
};

ps::spawner make_spawner(caf::actor_system& system, const ps::runtime& runtime,
                         const choices& chosen) {
  if (chosen.user.empty() && chosen.runner.empty())
    return ps::make_spawner(system, runtime);
  ps::runner_options options;
  options.user = chosen.user;
  if (!chosen.runner.empty())
    options.command = {"sh", "-c", "exec " + chosen.runner};
  return ps::make_spawner(system, ps::start_runner(system, runtime, options));
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{
    "A scripted agent that builds, tests and fixes a small project."};
  choices chosen;
  auto* user = app.add_option("--as", chosen.user,
                              "Work as this user (needs root)");
  app
    .add_option("--runner", chosen.runner,
                "Work in the runner that this starts, as in 'ssh host "
                "procession-runner --stdio'")
    ->excludes(user);
  CLI11_PARSE(app, argc, argv);
  ps::runtime runtime;
  ps::config config;
  caf::actor_system system{config};
  auto spawner = make_spawner(system, runtime, chosen);
  auto tool = ps::make_exec_tool(system, spawner);
  try {
    agent me{system, tool};
    work(me);
    std::cout << "The task is done.\n";
    return EXIT_SUCCESS;
  } catch (const failed& x) {
    std::cout << "It failed: " << x.what() << '\n';
    return EXIT_FAILURE;
  }
}
