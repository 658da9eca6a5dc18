#include "procession/platform/posix/terminal.hpp"

#include <catch2/catch.hpp>

#include <termios.h>
#include <unistd.h>

#include <string>

using namespace procession;
using namespace procession::posix;

TEST_CASE("the end of a terminal's input is typed once at a line's start",
          "[terminal][input]") {
  auto made = open_pty({});
  REQUIRE(made);
  auto master = made->master.get();
  termios modes{};
  REQUIRE(::tcgetattr(master, &modes) == 0);
  auto typed = [&](char before) { return end_of_input(master, before).text; };
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

TEST_CASE("a raw terminal gets the end of its input once, as a key",
          "[terminal][input]") {
  auto made = open_pty({});
  REQUIRE(made);
  auto master = made->master.get();
  CHECK(end_of_input(master, 'a').canonical);
  termios modes{};
  REQUIRE(::tcgetattr(master, &modes) == 0);
  ::cfmakeraw(&modes);
  REQUIRE(::tcsetattr(master, TCSANOW, &modes) == 0);
  CHECK(end_of_input(master, 'a').text == "\x04");
  CHECK_FALSE(end_of_input(master, 'a').canonical);
}

TEST_CASE("typed input is unread until the slave side has read it",
          "[terminal][input]") {
  auto made = open_pty({});
  REQUIRE(made);
  auto& [master, slave] = *made;
  auto type = [&, &master = master](const std::string& text) {
    REQUIRE(::write(master.get(), text.data(), text.size())
            == static_cast<ssize_t>(text.size()));
  };
  auto read = [&, &slave = slave] {
    char text[100];
    return ::read(slave.get(), text, sizeof(text));
  };
  auto look = [&, &slave = slave] { return look_at_input(slave.get()); };
  CHECK(look() == typed_input::read);
  type("line\nnext\n");
  CHECK(look() == typed_input::unread);
  CHECK(read() == 5);
  CHECK(look() == typed_input::unread);
  CHECK(read() == 5);
  CHECK(look() == typed_input::read);
  // The end of input counts as well, although it has no bytes.
  type("\x04");
  CHECK(look() == typed_input::unread);
  CHECK(read() == 0);
  CHECK(look() == typed_input::read);
  // An unfinished line cannot be read.
  type("part");
  CHECK(look() == typed_input::read);
  type("\x04");
  CHECK(look() == typed_input::unread);
  CHECK(read() == 4);
  termios modes{};
  REQUIRE(::tcgetattr(slave.get(), &modes) == 0);
  ::cfmakeraw(&modes);
  modes.c_cc[VMIN] = 3;
  REQUIRE(::tcsetattr(slave.get(), TCSANOW, &modes) == 0);
  type("ab");
  CHECK(look() == typed_input::unread);
}

TEST_CASE("the length of a terminal's line is known", "[terminal]") {
  auto made = open_pty({});
  REQUIRE(made);
  auto master = made->master.get();
  termios modes{};
  REQUIRE(::tcgetattr(master, &modes) == 0);
  auto change = [&] { REQUIRE(::tcsetattr(master, TCSANOW, &modes) == 0); };
  auto after = [&](const std::string& text, std::size_t before = 0) {
    return line_after(master, before, text);
  };
  std::string longest(longest_line, 'x');
  CHECK(after("") == 0);
  CHECK(after("abc") == 3);
  CHECK(after("abc", 4) == 7);
  CHECK(after("abc\nde") == 2);
  CHECK(after(longest) == longest_line);
  CHECK(after(longest + "\n") == 0);
  CHECK(after(longest + "\r") == 0);
  CHECK(after(longest + "\x04") == 0);
  CHECK_FALSE(after(longest + "x"));
  CHECK_FALSE(after(longest, 1));
  CHECK_FALSE(after(longest + "x\nab"));
  SECTION("at least, if it is edited") {
    // ^?, ^W, ^U, ^R, ^V, ^C, ^Z, ^\\, ^Q and ^S.
    for (auto x : std::string{"\x7f\x17\x15\x12\x16\x03\x1a\x1c\x11\x13"})
      CHECK(after(longest + "xyz" + x + "ab") == 2);
  }
  SECTION("by the modes that the terminal has then") {
    modes.c_iflag |= IGNCR | INLCR | ISTRIP;
    modes.c_cc[VEOL] = 'e';
    modes.c_cc[VKILL] = _POSIX_VDISABLE;
    change();
    CHECK(after("a\rb\nc") == 4);
    CHECK(after("aea") == 1);
    CHECK(after("a\xe5"
                "a")
          == 1);
    CHECK(after(std::string{"a\0a", 3}) == 3);
    CHECK(after("a\x15") == 2);
  }
  SECTION("and does not matter without lines") {
    modes.c_lflag &= ~static_cast<tcflag_t>(ICANON);
    change();
    CHECK(after(longest + "x", 7) == 0);
  }
}
