#include "../../apps/procession/escape_keys.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace procession::cli;

namespace {

/// Returns the result of typing these pieces: bytes as they are, commands in
/// brackets.
std::string result_of(const std::vector<std::string>& pieces) {
  escape_keys keys{'~'};
  std::string result;
  for (auto& piece : pieces)
    for (auto& part : keys.take(piece))
      if (auto* text = std::get_if<std::string>(&part))
        result += *text;
      else if (auto x = std::get<escape_command>(part);
               x == escape_command::end)
        result += "[end]";
      else
        result += x == escape_command::help ? "[help]" : "[suspend]";
  return result + keys.rest();
}

} // namespace

TEST_CASE("the escape key counts at the start and after the end of a line",
          "[command-line][input]") {
  CHECK(result_of({"~."}) == "[end]");
  CHECK(result_of({"ls\r~."}) == "ls\r[end]");
  CHECK(result_of({"ls\n~?"}) == "ls\n[help]");
  CHECK(result_of({"ls\r\r~\x1a"}) == "ls\r\r[suspend]");
  CHECK(result_of({"~.~.~?ls"}) == "[end][end][help]ls");
}

TEST_CASE("anywhere else the escape key is the program's",
          "[command-line][input]") {
  CHECK(result_of({"cd ~.\r"}) == "cd ~.\r");
  CHECK(result_of({" ~.\x7f\x7f~."}) == " ~.\x7f\x7f~.");
  CHECK(result_of({"a~b~?"}) == "a~b~?");
}

TEST_CASE("a key without a meaning after the escape key is typed with it",
          "[command-line][input]") {
  CHECK(result_of({"~a~."}) == "~a~.");
  CHECK(result_of({"~\r~."}) == "~\r[end]");
  CHECK(result_of({"~~."}) == "~.");
  CHECK(result_of({"~~~."}) == "~~.");
}

TEST_CASE("the escape key is found however what is typed is cut",
          "[command-line][input]") {
  for (std::string text :
       {"ls\r~.", "~~x\r~?y", "\r~a\r~\x1a~.", "~", "x\r~"}) {
    CAPTURE(text);
    std::vector<std::string> pieces;
    for (auto c : text)
      pieces.emplace_back(1, c);
    CHECK(result_of(pieces) == result_of({text}));
  }
  CHECK(result_of({"x\r~"}) == "x\r~");
}

TEST_CASE("an escape key has a name", "[command-line][input]") {
  CHECK(parse_escape("~") == '~');
  CHECK(parse_escape("^]") == '\x1d');
  CHECK(parse_escape("^a") == '\x01');
  CHECK(parse_escape("^") == '^');
  for (auto bad : {"", "ab", "~~", "^ab", "^M", "\r", "^j", "\n"})
    CHECK(parse_escape(bad) == '\0');
}
