#include "procession/io/text/typed_echo.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace procession;

namespace {

/// A terminal whose output comes in pieces, and is searched for the expression.
class terminal {
public:
  explicit terminal(const std::string& expression) {
    auto made = pattern_set::make({{expression, pattern::kind::regex}});
    watch_.look_for(*made);
  }

  void type(const std::string& text) {
    echo_.typed(text);
  }

  void show(const std::string& text) {
    echo_.pass(text, watch_);
  }

  void end() {
    echo_.flush(watch_);
  }

  bool matches() {
    return (*watch_.find()).has_value();
  }

private:
  typed_echo echo_;
  pattern_watch watch_;
};

} // namespace

TEST_CASE("the echo of a typed line is not what the program says",
          "[text][input]") {
  terminal x{"done"};
  x.type("echo done\n");
  std::string shown = GENERATE(
    "echo done\r\n", "$ echo done\r\n",
    "$ \x1b[1mecho\x1b[0m done\x1b[K\r\n\x1b[?2004l\r", "$ echo do \rne\r\n",
    "echo or not\r\necho done\r\n");
  auto piece = GENERATE(1u, 3u, 100u);
  for (std::size_t i = 0; i < shown.size(); i += piece) {
    x.show(shown.substr(i, piece));
    REQUIRE_FALSE(x.matches());
  }
  x.show("done\r\n");
  CHECK(x.matches());
}

TEST_CASE("a line that comes back twice is output the second time",
          "[text][input]") {
  terminal x{"^hello"};
  x.type("hello\r");
  x.show("hello\r\n");
  CHECK_FALSE(x.matches());
  x.show("hello\r\n");
  CHECK(x.matches());
}

TEST_CASE("input typed ahead is shown again after the prompt",
          "[text][input]") {
  terminal x{"done"};
  x.type("echo done\n");
  x.show("echo done\r\nbusy\r\n");
  x.show("user@host:~$ echo done\r\n");
  CHECK_FALSE(x.matches());
  x.show("done\r\n");
  CHECK(x.matches());
}

TEST_CASE("a match around an echo needs no part of it", "[text][input]") {
  terminal prompt{"> $"};
  prompt.type("1 > 0\n");
  prompt.show("1 > 0\r\n");
  CHECK_FALSE(prompt.matches());
  prompt.show("True\r\n>>> ");
  CHECK(prompt.matches());
}

TEST_CASE("output without an echo stays output", "[text][input]") {
  terminal x{"Welcome|one"};
  x.type("secret\n");
  x.show("\r\n");
  x.show("Welcome, secret agent\r\n");
  CHECK(x.matches());
  x.type("x\none\n");
  x.show("one of them\r\n");
  CHECK(x.matches());
}

TEST_CASE("the end of a word does not count as an echo", "[text][input]") {
  terminal x{"entry"};
  x.type("y\n");
  x.show("an entry\r\n");
  CHECK(x.matches());
}

TEST_CASE("a line that is typed in parts comes back in parts",
          "[text][input]") {
  terminal x{"abc|def"};
  x.type("abc");
  x.show("abc");
  x.type("def\n");
  x.show("def\r\n");
  CHECK_FALSE(x.matches());
  x.show("abcdef\r\n");
  CHECK(x.matches());
}

TEST_CASE("text without a line end is echoed at once or not at all",
          "[text][input]") {
  terminal x{"quit|yes"};
  x.type("q");
  x.show("\x1b[2J\x1b[Hquit?");
  CHECK(x.matches());
  x.type("yes");
  x.show("yes");
  CHECK_FALSE(x.matches());
  x.show("\r\nyes\r\n");
  CHECK(x.matches());
}

TEST_CASE("lines that were typed together are told one by one",
          "[text][input]") {
  terminal x{"a=|b="};
  x.type("a=1\nb=2\n");
  x.show("a=1\r\n");
  x.show("> b=2\r\n");
  CHECK_FALSE(x.matches());
  x.show("b=2\r\n");
  CHECK(x.matches());
}

TEST_CASE(
  "output that looks like the beginning of an echo waits, but not for ever",
  "[text][input]") {
  terminal x{"echo"};
  x.type("echo done\n");
  x.show("echo");
  CHECK_FALSE(x.matches());
  SECTION("it goes on otherwise") {
    x.show(" it is\r\n");
    CHECK(x.matches());
  }
  SECTION("it is the end") {
    x.end();
    CHECK(x.matches());
  }
  SECTION("it goes on with nothing that is seen") {
    for (auto i = 0; i < 4000; ++i)
      x.show("\x1b[31m\x1b[0m");
    CHECK(x.matches());
  }
}

TEST_CASE("lines without an echo do not hide that later ones have one",
          "[text][input]") {
  terminal x{"done"};
  for (auto i = 0; i < 100; ++i)
    x.type("secret " + std::to_string(i) + '\n');
  x.type("echo done\n");
  x.show("echo done\r\n");
  CHECK_FALSE(x.matches());
  x.show("done\r\n");
  CHECK(x.matches());
}

TEST_CASE("output that takes too long to compare is passed on as it is",
          "[text][input]") {
  terminal x{"done"};
  for (auto i = 0; i < 30; ++i)
    x.type(std::string(4000, '=') + '\n');
  x.type("echo done\n");
  x.show(std::string(64 * 1024, '='));
  x.show("\r\necho done\r\n");
  CHECK(x.matches());
  // Later typing is told apart from output again.
  x.type("echo done\n");
  x.show("echo done\r\n");
  CHECK_FALSE(x.matches());
}
