#include "../../apps/procession/input_path.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace procession;
using namespace procession::cli;

namespace {

using lines = std::vector<std::string>;

/// A path that notes its requests.
struct path {
  explicit path(char escape)
    : input{escape,
            {[this] { log.push_back("read"); },
             [this](shared_bytes x) {
               log.push_back("write " + std::string{x.text()});
             },
             [this] { log.push_back("close"); },
             [this](escape_command x) {
               log.push_back(x == escape_command::end ? "end" : "other");
             }}} {
    // nop
  }

  /// Returns the requests since the last call.
  lines asked() {
    return std::exchange(log, {});
  }

  lines log;
  input_path input;
};

} // namespace

TEST_CASE("input is read when the program has taken what was before it",
          "[command-line][input]") {
  path x{0};
  x.input.start("");
  CHECK(x.asked() == lines{"read"});
  x.input.on_read(shared_bytes{"abc"});
  CHECK(x.asked() == lines{"write abc"});
  x.input.on_written();
  CHECK(x.asked() == lines{"read"});
  x.input.on_read({});
  CHECK(x.asked() == lines{"close"});
}

TEST_CASE("input from before the start comes first", "[command-line][input]") {
  path x{0};
  x.input.start("early\n");
  CHECK(x.asked() == lines{"write early\n"});
}

TEST_CASE("the end of the input comes after the input",
          "[command-line][input]") {
  path x{'~'};
  x.input.start("abc");
  x.input.on_read(shared_bytes{"def"});
  CHECK(x.asked() == lines{"write abc", "read", "read"});
  x.input.on_read({});
  CHECK(x.asked().empty());
  x.input.on_written();
  CHECK(x.asked() == lines{"write def"});
  x.input.on_written();
  CHECK(x.asked() == lines{"close"});
}

TEST_CASE("a program that takes nothing does not stop the reading if there is "
          "an escape key",
          "[command-line][input]") {
  path x{'~'};
  x.input.start("");
  auto megabyte = std::string(1 << 20, 'x');
  for (auto i = 0; i < 16; ++i) {
    x.input.on_read(shared_bytes{megabyte});
    CHECK(x.log.back() == "read");
  }
  SECTION("so that the key is seen") {
    x.input.on_read(shared_bytes{"\r~."});
    CHECK(x.log.back() == "read");
    CHECK(x.log[x.log.size() - 2] == "end");
  }
  SECTION("up to a bound") {
    x.input.on_read(shared_bytes{megabyte});
    CHECK(x.log.back() == "read");
    CHECK(x.asked().size() == 18);
    x.input.on_written();
    CHECK((x.asked() == lines{"write " + megabyte, "read"}));
  }
}

TEST_CASE("keys that wait go on together", "[command-line][input]") {
  path x{'~'};
  x.input.start("");
  for (auto key : {"a", "b", "c", "d"})
    x.input.on_read(shared_bytes{key});
  x.asked();
  x.input.on_written();
  CHECK(x.asked() == lines{"write bcd"});
}

TEST_CASE("input that the program no longer takes is not read",
          "[command-line][input]") {
  path x{0};
  x.input.start("abc");
  x.asked();
  x.input.on_refused(true);
  CHECK(x.asked().empty());
}

TEST_CASE("the escape key works though the program takes no more",
          "[command-line][input]") {
  path x{'~'};
  x.input.start("abc");
  x.asked();
  x.input.on_read(shared_bytes{"def\r"});
  x.input.on_refused(true);
  x.asked();
  x.input.on_read(shared_bytes{"~."});
  CHECK(x.asked() == lines{"end", "read"});
}
