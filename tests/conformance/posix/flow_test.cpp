#include "../world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

TEST_CASE("four megabytes go each way byte by byte, slow on both sides",
          "[output][input]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto text = noise(four_mib);
  // Reads and writes in small and odd pieces.
  auto script = std::string{
    "import os, sys\n"
    "if os.isatty(0):\n"
    "  import tty; tty.setraw(0)\n"
    "os.write(1, b'!')\n"
    "left = int(sys.argv[1])\n"
    "while left:\n"
    "  data = os.read(0, 5001)\n"
    "  left -= len(data)\n"
    "  while data: data = data[os.write(1, data[:997]):]\n"};
  auto spec = program("python3", {"-c", script, std::to_string(text.size())},
                      {kind, {}});
  spec.limits.stdin_queue = text.size();
  auto hdl = w.spawn(spec);
  // A window smaller than a chunk may be, acknowledged late.
  listener events{w, hdl, {{}, 3000, delivery::lossless}};
  events.acknowledging = false;
  REQUIRE(events.until_output("!"));
  caf::anon_send(hdl, write_atom_v, shared_bytes{text});
  REQUIRE(events.until_closed_slowly());
  CHECK((events.out.substr(1) == text));
  CHECK(events.gaps.empty());
  CHECK(events.end->why == close_reason::complete);
  CHECK(w.info(hdl).consumed_stdin == text.size());
}

TEST_CASE("a child without a subscriber runs to its end, even if it floods",
          "[output][subscription]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto hdl = w.spawn(shell("head -c 4194304 /dev/zero", {kind, {}}));
  auto status = w.ask<exit_status>(hdl, wait_atom_v);
  REQUIRE(status);
  CHECK(success(*status));
  SECTION("and leaves the tail of its output to read") {
    check_tail(w, hdl);
  }
}
