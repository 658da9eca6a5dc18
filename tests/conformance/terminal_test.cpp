#include "world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

using namespace procession;
using namespace procession::test;

TEST_CASE("a program on a terminal reads and answers line by line",
          "[terminal]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"out", "ready\\r\\n", "line", "out",
                            "<answered>\\r\\n", "line", "exit", "6"},
                           pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"first\n"}));
  REQUIRE(events.until_output("<answered>"));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"second\n"}));
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 6);
  CHECK(events.end->why == close_reason::complete);
  CHECK(w.info(hdl).consumed_stdin == 13);
}

TEST_CASE("a terminal has the size it was given", "[terminal]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"size", "line"}, pty({31, 101})));
  listener events{w, hdl};
  REQUIRE(events.until_output("31 101"));
  CHECK(is(w.tell(hdl, resize_atom_v, terminal_size{0, 80}),
           errc::invalid_argument));
}

TEST_CASE("a terminal takes another size", "[terminal]") {
  PROCESSION_NEEDS(resize);
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"size", "line", "size", "sleep"}, pty({31, 101})));
  listener events{w, hdl};
  REQUIRE(events.until_output("31 101"));
  REQUIRE_FALSE(w.tell(hdl, resize_atom_v, terminal_size{45, 132}));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"\n"}));
  REQUIRE(events.until_output("45 132"));
}

TEST_CASE("only a terminal can be resized", "[terminal]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"cat"}));
  CHECK(is(w.tell(hdl, resize_atom_v, terminal_size{}), errc::not_a_terminal));
}

TEST_CASE("closing the input of a terminal at the start of a line ends it",
          "[terminal][input]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(
    actor({"out", "ready", "cat", "out", "<end>", "exit", "7"}, pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"ab\n"}));
  REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
  REQUIRE(events.until_closed());
  CHECK(events.out.find("<end>") != std::string::npos);
  CHECK(events.status->code == 7);
  // Repeating it does nothing.
  CHECK_FALSE(w.tell(hdl, close_stdin_atom_v));
}

TEST_CASE("an interrupt reaches a program on a terminal",
          "[terminal][signals]") {
  PROCESSION_NEEDS(interrupt_key);
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(
    actor({"interrupted", "caught\\r\\n", "7", "out", "ready\\r\\n", "sleep"},
          pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  REQUIRE_FALSE(w.tell(hdl, signal_atom_v, signal_name::interrupt));
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 7);
  CHECK(events.out.find("caught") != std::string::npos);
}
