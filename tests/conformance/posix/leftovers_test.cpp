// The fate of processes that outlive the one that their session started.
#include "../world.hpp"

#include "procession/platform/posix/fd.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

#include <fcntl.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

/// A file that a process of any user can write to.
class notebook {
public:
  notebook() {
    auto name = std::string{"procession-notebook-XXXXXX"};
    path_ = fs::temp_directory_path() / name;
    auto text = path_.string();
    auto fd = ::mkstemp(text.data());
    REQUIRE(fd >= 0);
    ::close(fd);
    path_ = text;
    fs::permissions(path_, static_cast<fs::perms>(0666));
  }

  notebook(const notebook&) = delete;
  notebook& operator=(const notebook&) = delete;

  ~notebook() {
    fs::remove(path_);
  }

  std::string path() const {
    return path_.string();
  }

  void write(const std::string& text) const {
    std::ofstream{path_} << text;
  }

  std::string text() const {
    std::ifstream in{path_};
    std::ostringstream result;
    result << in.rdbuf();
    return result.str();
  }

private:
  fs::path path_;
};

/// Returns the script of a shell that cleans up slowly when it is asked to end,
/// and writes to the file, not to the session's streams. It is ready once it
/// has written its first line there.
std::string tidy(const notebook& notes) {
  return "(trap 'sleep 0.3; echo cleaned; exit' TERM; echo ready; "
         "while :; do sleep 0.02; done) >"
         + notes.path() + " 2>/dev/null & until [ -s " + notes.path()
         + " ]; do sleep 0.01; done; ";
}

/// Returns a shell that leaves another one in the background, which ends with
/// `last` when something is written to the file.
command leaving(const notebook& notes, const std::string& last,
                stdio_spec stdio = pipes()) {
  // When a terminal's session ends, its processes get a hangup, perhaps before
  // the background shell has a session of its own.
  auto result = shell("trap '' HUP; setsid sh -c 'until [ -s " + notes.path()
                        + " ]; do sleep 0.02; done; " + last
                        + "' & echo $!; exit 3",
                      stdio);
  result.kill.background = background_policy::keep;
  // A kept process has no deadline.
  result.kill.drain_timeout = 0ms;
  result.kill.leftovers_grace = 0ms;
  return result;
}

} // namespace

TEST_CASE("the grace of a request to end is the whole tree's",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  notebook notes;
  auto hdl = w.spawn(shell(tidy(notes) + "echo ready; wait"));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  auto status = w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(status->signal == 15);
  REQUIRE(events.until_closed());
  CHECK(notes.text() == "ready\ncleaned\n");
  CHECK(events.end->why == close_reason::complete);
  CHECK(events.end->rest.ended >= 1);
  CHECK(events.end->rest.surviving == 0);
}

TEST_CASE("output of a tree that ends is delivered", "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto spec = shell("setsid sh -c 'trap \"sleep 0.5; echo cleaned; exit\" "
                    "TERM; echo ready; while :; do sleep 0.02; done' & wait",
                    {kind, {}});
  // The drain deadline waits for the grace.
  spec.kill.drain_timeout = 50ms;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v));
  REQUIRE(events.until_closed());
  CHECK(events.out.find("cleaned") != std::string::npos);
  CHECK(events.end->why == close_reason::complete);
}

TEST_CASE("leftovers of a normal end are asked to end first",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  notebook notes;
  auto spec = shell(tidy(notes) + "exit 7");
  spec.kill.leftovers_grace = 20s;
  listener events{w, w.spawn(spec)};
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 7);
  CHECK(notes.text() == "ready\ncleaned\n");
  CHECK(events.end->rest.ended >= 1);
}

TEST_CASE("output of leftovers that clean up is delivered",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto spec = shell(
    "setsid sh -c 'trap \"sleep 0.3; echo cleaned; exit\" TERM; "
    "echo ready; while :; do sleep 0.02; done' & "
    "read go",
    {kind, {}});
  spec.kill.drain_timeout = 50ms;
  spec.kill.leftovers_grace = 20s;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"\n"}));
  REQUIRE(events.until_closed());
  CHECK(events.out.find("cleaned") != std::string::npos);
  CHECK(events.end->rest.ended >= 1);
}

TEST_CASE(
  "a leftover that ignores the request is killed, counted and gone at closed",
  "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({"mute", "2", "stubborn", "sleep", "exit", "0"});
  spec.kill.leftovers_grace = 50ms;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  CHECK_FALSE(process_lives(std::stoll(events.out)));
  CHECK(events.end->rest == leftovers{1, 0});
  CHECK(w.info(hdl).rest == leftovers{1, 0});
}

TEST_CASE("a kill ends the time that leftovers have", "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({"mute", "2", "stubborn", "sleep", "exit", "0"});
  spec.kill.leftovers_grace = 1h;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_exited());
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v, caf::timespan::zero()));
  REQUIRE(events.until_closed());
  CHECK_FALSE(process_lives(std::stoll(events.out)));
}

TEST_CASE("a session without leftovers says so", "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  listener events{w, w.spawn(actor({"out", "x"}))};
  REQUIRE(events.until_closed());
  CHECK(events.end->rest == leftovers{});
}

TEST_CASE("a spawner that goes leaves no process, and says how each ended",
          "[ending][spawner]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"stubborn", "line", "flood"}));
  listener events{w, hdl, {{}, 4096, delivery::lossless}};
  events.acknowledging = false;
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"\n"}));
  REQUIRE(events.until([&] { return events.unacknowledged == 4096; }));
  auto leader = w.info(hdl).pid;
  w.where = nullptr;
  REQUIRE(events.until_closed());
  CHECK_FALSE(process_lives(leader));
  CHECK(events.status->signal == 9);
  CHECK(events.status->by_request);
  CHECK(events.end->why == close_reason::host_lost);
  REQUIRE(events.gaps.size() == 1);
  CHECK(events.gaps.front().from == 4096);
}

TEST_CASE("a spawner ends all its sessions, each with its grace",
          "[ending][spawner]") {
  world w{GENERATE(from_range(backends()))};
  notebook notes;
  listener tidied{w, w.spawn(shell(tidy(notes) + "echo ready; wait"))};
  auto spec = actor({"stubborn", "out", "ready", "sleep"});
  spec.kill.grace = 50ms;
  listener killed{w, w.spawn(spec)};
  REQUIRE(tidied.until_output("ready"));
  REQUIRE(killed.until_output("ready"));
  auto answered = false;
  w.self->request(w.where, patience, terminate_atom_v)
    .receive([&] { answered = true; },
             [&](caf::error& x) { FAIL(describe(x)); });
  REQUIRE(answered);
  REQUIRE(tidied.until_closed());
  REQUIRE(killed.until_closed());
  CHECK(notes.text() == "ready\ncleaned\n");
  CHECK(killed.status->signal == 9);
}

TEST_CASE("a request to end by a hangup is a hangup", "[ending][signals]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("trap 'echo hung up; exit 6' HUP; "
                           "trap 'exit 9' TERM; echo ready; "
                           "while :; do sleep 0.02; done"));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  auto status = w.ask<exit_status>(hdl, terminate_atom_v, signal_name::hangup,
                                   caf::timespan{10s});
  REQUIRE(status);
  CHECK(status->code == 6);
  CHECK(status->by_request);
}

TEST_CASE("subscribers are told when a process is stopped and continues",
          "[session][signals]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto spec = shell("kill -STOP $$; kill -STOP $$; exit 3", {kind, {}});
  spec.report_stops = true;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  using stops = std::vector<std::int32_t>;
  REQUIRE(events.until([&] { return events.stops == stops{19}; }));
  CHECK(w.info(hdl).stopped == 19);
  REQUIRE_FALSE(w.tell(hdl, signal_atom_v, signal_name::resume));
  REQUIRE(events.until([&] { return events.stops == stops{19, 0, 19}; }));
  REQUIRE_FALSE(w.tell(hdl, signal_atom_v, signal_name::resume));
  REQUIRE(events.until_closed());
  // The continuation may be superseded by the end (wait(2)).
  REQUIRE(events.stops.size() >= 3);
  CHECK(events.stops[2] == 19);
  CHECK(events.status->code == 3);
}

TEST_CASE("a stopped descendant ends when it is asked to after the exit",
          "[ending][signals]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = shell("sh -c 'kill -STOP $$; sleep 1000' & "
                    "until grep -q 'State:.T' /proc/$!/status; do :; done");
  // The background process holds the output open.
  spec.kill.drain_timeout = 1h;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_exited());
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{1h}));
  REQUIRE(events.until_closed());
  CHECK(events.end->why == close_reason::complete);
}

TEST_CASE("a kept process goes on when the session's process has ended",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::merged);
  notebook notes;
  auto hdl = w.spawn(leaving(notes, "echo later", {kind, {}}));
  listener events{w, hdl};
  REQUIRE(events.until_exited());
  CHECK(events.status->code == 3);
  CHECK_FALSE(events.end);
  CHECK(w.info(hdl).state == session_state::exited);
  notes.write("go");
  REQUIRE(events.until_closed());
  CHECK(events.out.find("later") != std::string::npos);
  CHECK(events.end->why == close_reason::complete);
  CHECK(events.end->rest == leftovers{});
}

TEST_CASE("a kept process that holds no output open goes on as well",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  notebook notes;
  notebook proof;
  // A terminal is hung up when its session leader ends.
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto spec = leaving(notes, "exec >" + proof.path() + "; echo done",
                      {kind, {}});
  if (kind == stdio_kind::pipes)
    spec.args.back() = "exec >/dev/null 2>&1; " + spec.args.back();
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_exited());
  notes.write("go");
  REQUIRE(events.until_closed());
  CHECK(proof.text() == "done\n");
  CHECK(events.end->rest == leftovers{});
}

TEST_CASE("a stranger that holds the output does not keep an empty session",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = shell("echo up; read go");
  spec.kill.background = background_policy::keep;
  spec.kill.drain_timeout = 20ms;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_output("up"));
  auto path = "/proc/" + std::to_string(w.info(hdl).pid) + "/fd/1";
  posix::unique_fd held{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  REQUIRE(held);
  REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
  REQUIRE(events.until_closed());
  CHECK(events.end->why == close_reason::drain_deadline);
  CHECK(events.end->rest == leftovers{});
}

TEST_CASE("a session whose process leaves nothing behind does not go on",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({"out", "x", "exit", "4"});
  spec.kill.background = background_policy::keep;
  listener events{w, w.spawn(spec)};
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 4);
  CHECK(events.out == "x");
  CHECK(events.end->why == close_reason::complete);
  CHECK(events.end->rest == leftovers{});
}

TEST_CASE("a kept process ends when it is asked to, and is counted",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  notebook notes;
  auto spec = shell(tidy(notes) + "echo $!; exit 0");
  spec.kill.background = background_policy::keep;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_exited());
  auto pid = std::stoll(events.out);
  CHECK(process_lives(pid));
  auto status = w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(success(*status));
  REQUIRE(events.until_closed());
  CHECK_FALSE(process_lives(pid));
  CHECK(notes.text() == "ready\ncleaned\n");
  CHECK(events.end->rest.ended >= 1);
  CHECK(events.end->rest.surviving == 0);
}

TEST_CASE("a kept process that ignores the request is killed after the grace",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({"mute", "2", "stubborn", "sleep", "exit", "0"});
  spec.kill.background = background_policy::keep;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_exited());
  auto grace = GENERATE(0ms, 50ms);
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{grace}));
  REQUIRE(events.until_closed());
  CHECK_FALSE(process_lives(std::stoll(events.out)));
  CHECK(events.end->rest == leftovers{1, 0});
}

TEST_CASE("a kept process ends with the owner of its session",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  notebook notes;
  auto hdl = w.spawn(leaving(notes, "echo never"));
  listener events{w, hdl};
  REQUIRE(events.until_exited());
  auto pid = std::stoll(events.out);
  w.owner.reset();
  REQUIRE(events.until_closed());
  CHECK_FALSE(process_lives(pid));
}

TEST_CASE("a process that was ended by request leaves nothing to keep",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = shell("sh -c \"trap '' TERM; echo \\$\\$ ready; while :; do "
                    "sleep 0.02; done\" & wait");
  spec.kill.background = background_policy::keep;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{50ms}));
  REQUIRE(events.until_closed());
  CHECK_FALSE(process_lives(std::stoll(events.out)));
}
