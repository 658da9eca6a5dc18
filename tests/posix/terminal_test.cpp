#include "procession/platform/posix/terminal.hpp"

#include <catch2/catch.hpp>

#include <termios.h>

using namespace procession;
using namespace procession::posix;

TEST_CASE("the end of a terminal's input is typed once at a line's start") {
  auto made = open_pty({});
  REQUIRE(std::holds_alternative<pty_pair>(made));
  auto master = std::get<pty_pair>(made).master.get();
  termios modes{};
  REQUIRE(::tcgetattr(master, &modes) == 0);
  auto typed = [&](char before) { return end_of_input(master, before); };
  auto change = [&] { REQUIRE(::tcsetattr(master, TCSANOW, &modes) == 0); };
  std::string once = "\x04";
  std::string twice = "\x04\x04";

  CHECK(typed('a') == twice);
  CHECK(typed(' ') == twice);
  // A line's end, Enter, ^D, ^C, ^Z, ^\ and ^U.
  for (auto x : {'\n', '\r', '\x04', '\x03', '\x1a', '\x1c', '\x15'})
    CHECK(typed(x) == once);

  SECTION("by the modes that the terminal has then") {
    modes.c_iflag &= ~static_cast<tcflag_t>(ICRNL);
    modes.c_lflag &= ~static_cast<tcflag_t>(ISIG);
    modes.c_cc[VEOF] = 'e';
    change();
    CHECK(typed('\r') == "ee");
    CHECK(typed('\x03') == "ee");
    CHECK(typed('\x04') == "ee");
    CHECK(typed('e') == "e");
    CHECK(typed('\n') == "e");
  }
  SECTION("and not at all without a character for it") {
    modes.c_cc[VEOF] = _POSIX_VDISABLE;
    change();
    CHECK(typed('\n').empty());
    CHECK(typed('a').empty());
  }
}
