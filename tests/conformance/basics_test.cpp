#include "world.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace procession;
using namespace procession::test;

TEST_CASE("a program without input writes exactly its bytes on each stream",
          "[output]") {
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(actor({"out", "a\\0b", "err", "err", "exit", "3"},
                            pipes(stdin_kind::null)));
  CHECK(result.out == std::string("a\0b", 3));
  CHECK(result.err == "err");
  CHECK(result.complete);
  CHECK(result.status.cause == exit_cause::exited);
  CHECK(result.status.code == 3);
  CHECK(shell_code(result.status) == 3);
}

TEST_CASE("a program reads its input to the end and echoes it", "[input]") {
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(actor({"cat"}), "one line\n");
  CHECK(result.out == "one line\n");
  CHECK(success(result.status));
}

TEST_CASE("merged outputs arrive in the order in which they were written",
          "[output]") {
  world w{GENERATE(from_range(backends()))};
  std::vector<std::string> words;
  std::string expected;
  for (auto i = 0; i < 100; ++i) {
    auto n = std::to_string(i);
    words.insert(words.end(), {"out", "o" + n, "err", "e" + n});
    expected += "o" + n + "e" + n;
  }
  auto result = w.run(actor(words, merged(stdin_kind::null)));
  CHECK(result.out == expected);
  CHECK(result.err.empty());
  CHECK(result.complete);
}

TEST_CASE("a merged session has an input of its own", "[input]") {
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(actor({"cat"}, merged()), "one line\n");
  CHECK(result.out == "one line\n");
}

TEST_CASE("the same command behaves alike on pipes and on a terminal",
          "[terminal]") {
  world w{GENERATE(from_range(backends()))};
  auto stdio = GENERATE(pipes(), pty(), merged(), pipes(stdin_kind::null),
                        merged(stdin_kind::null));
  CAPTURE(to_string(stdio));
  auto hdl = w.spawn(actor({"out", "marker\\r\\n"}, stdio));
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  CHECK(events.out.find("marker") != std::string::npos);
  CHECK(events.err.empty());
  CHECK(success(*events.status));
  CHECK(events.end->why == close_reason::complete);
  CHECK(w.ask<exit_status>(hdl, wait_atom_v)->code == 0);
}

TEST_CASE("a session knows the pid", "[session]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"pid", "cat"}));
  listener events{w, hdl};
  REQUIRE(events.until_output("\n"));
  auto info = w.info(hdl);
  CHECK(std::to_string(info.pid) + "\n" == events.out);
  CHECK(info.pid != own_pid());
  CHECK(info.state == session_state::running);
}

TEST_CASE("arguments, environment and directory arrive as given", "[start]") {
  world w{GENERATE(from_range(backends()))};
  const std::vector<std::string> words{
    "one two",       "",
    "\"$x\"",        "c\"d",
    "e f\\",         "\\\\\"",
    "a\\\\b\\",      "%PATH%",
    "x&y|z^",        "gr\u00fc\u00df \u4f60\u597d",
    "tab\tnew\nline"};
  std::string expected;
  for (auto& x : words)
    expected += x + "\n";
  auto spec = actor({"args"});
  spec.args.insert(spec.args.end(), words.begin(), words.end());
  CHECK(w.run(spec).out == expected);
  auto place = std::filesystem::temp_directory_path();
  if (!place.has_filename())
    place = place.parent_path();
  spec = actor({"env", "A", "env", "B\u00e9", "env", "HOME", "cwd"});
  spec.cwd = place.string();
  spec.env.inherit = false;
  spec.env.set = {{"A", "b=c d"}, {"B\u00e9", "\u4f60"}};
  CHECK(w.run(spec).out == "b=c d\n\u4f60\nnone\n" + place.string() + "\n");
}

TEST_CASE("an inherited environment can be changed and thinned", "[start]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({"env", "EXTRA", "env", "PATH"});
  spec.env.set["EXTRA"] = "more";
  auto path = w.run(spec).out.substr(5);
  CHECK(path != "none\n");
  spec.env.unset = {"PATH"};
  CHECK(w.run(spec).out == "more\nnone\n");
}

TEST_CASE("a program is looked up in the PATH that the child will have",
          "[start]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = program("test-actor", {"out", "found"});
  CHECK(is(w.refusal(spec), errc::program_not_found));
  spec.env.set["PATH"]
    = std::filesystem::path{helper_path("test-actor")}.parent_path().string();
  CHECK(w.run(spec).out == "found");
}

TEST_CASE("a code of any size is kept", "[ending]") {
  world w{GENERATE(from_range(backends()))};
  CHECK(w.run(actor({"exit", "255"})).status.code == 255);
}

TEST_CASE("the time that a process took is known when it has ended",
          "[session]") {
  PROCESSION_NEEDS(processor_time);
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(actor({"work"}));
  CHECK(result.status.user_time > caf::timespan::zero());
}

TEST_CASE("the memory that a process took is known when it has ended",
          "[session]") {
  PROCESSION_NEEDS(peak_memory);
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(actor({"work"}));
  CHECK(result.status.peak_memory > 256u << 20);
}
