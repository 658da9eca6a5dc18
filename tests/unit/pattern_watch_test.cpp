#include "procession/io/pattern_watch.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace procession;

namespace {

pattern text(std::string what) {
  return {std::move(what), pattern::kind::text};
}

pattern regex(std::string what) {
  return {std::move(what), pattern::kind::regex};
}

pattern_set set_of(const std::vector<pattern>& patterns) {
  auto made = pattern_set::make(patterns);
  REQUIRE(made);
  return *made;
}

pattern_watch watch_for(const std::vector<pattern>& patterns,
                        std::size_t window = pattern_watch::default_window) {
  pattern_watch result{window};
  result.look_for(set_of(patterns));
  return result;
}

/// Returns what the watch finds next: "1 'before' 'text'"; empty if nothing.
std::string next(pattern_watch& x) {
  auto found = x.find();
  if (!found)
    return to_string(found.error());
  if (auto& match = *found) {
    CHECK(match->end - match->begin == match->text.size());
    return std::to_string(match->pattern) + " '" + match->before + "' '"
           + match->text + "'";
  }
  return {};
}

std::string refusal(const pattern& x) {
  auto made = pattern_set::make({x});
  return made ? std::string{} : to_string(made.error());
}

} // namespace

TEST_CASE("a pattern is found wherever the pieces end", "[text]") {
  auto x = watch_for(
    GENERATE(std::vector{text("ready"), text("failed")},
             std::vector{regex("r[a-e]+dy"), regex("fail(ed|ure)")}));
  for (auto* piece : {"nothing rea", "rea", "d"}) {
    x.append(piece);
    CHECK(next(x) == "");
  }
  x.append("y, failed");
  CHECK(next(x) == "0 'nothing rea' 'ready'");
  CHECK(next(x) == "1 ', ' 'failed'");
  CHECK(next(x) == "");
  x.append("ready");
  CHECK(next(x) == "0 '' 'ready'");
}

TEST_CASE("byte by byte, the same is found as in one piece", "[text]") {
  std::string all = "a1b22\nc333 d4444\n333";
  std::vector<pattern> patterns{regex("^c\\d{3}"), text("33"), regex("4\\n")};
  auto whole = watch_for(patterns);
  whole.append(all);
  std::vector<std::string> expected;
  for (auto found = next(whole); !found.empty(); found = next(whole))
    expected.push_back(found);
  CHECK(expected
        == std::vector<std::string>{"0 'a1b22\n' 'c333'", "2 ' d444' '4\n'",
                                    "1 '' '33'"});
  auto bytes = watch_for(patterns);
  std::vector<std::string> found;
  for (auto c : all) {
    bytes.append(std::string_view{&c, 1});
    for (auto x = next(bytes); !x.empty(); x = next(bytes))
      found.push_back(x);
  }
  // A text within a match that is not complete yet comes first.
  CHECK(found.front() == "1 'a1b22\nc' '33'");
  CHECK(found.back() == expected.back());
}

TEST_CASE("the match that begins first wins, then the pattern given first",
          "[text]") {
  auto x = watch_for({text("b"), text("ab"), regex("a.")});
  x.append("-ab-");
  CHECK(next(x) == "1 '-' 'ab'");
  CHECK(next(x) == "");
}

TEST_CASE("matched or skipped output does not match again", "[text]") {
  auto x = watch_for({text("> ")});
  x.append("> ");
  CHECK(next(x) == "0 '' '> '");
  x.look_for(set_of({regex(">\\s")}));
  CHECK(next(x) == "");
  x.append("> > ");
  x.skip();
  CHECK(next(x) == "");
  x.append("a> ");
  CHECK(next(x) == "0 'a' '> '");
}

TEST_CASE("new patterns are looked for in what did not match", "[text]") {
  auto x = watch_for({text("one")});
  x.append("zero one two three");
  CHECK(next(x) == "0 'zero ' 'one'");
  x.look_for(set_of({text("zero"), text("three")}));
  CHECK(next(x) == "1 ' two ' 'three'");
  pattern_watch later;
  later.append("came before anybody looked");
  CHECK(next(later) == "");
  later.look_for(set_of({regex("\\bany")}));
  CHECK(next(later) == "0 'came before ' 'any'");
}

TEST_CASE("lines begin and end where they do, whatever was used", "[text]") {
  auto x = watch_for({text("$ ")});
  x.append("$ ls");
  CHECK(next(x) == "0 '' '$ '");
  x.look_for(set_of({regex("^ls"), regex("^b.$")}));
  x.append("\na\nbc");
  CHECK(next(x) == "1 'ls\na\n' 'bc'");
  x.look_for(set_of({regex("\\$ $")}));
  x.append("$ not at the end\n");
  CHECK(next(x) == "");
  x.append("$ ");
  CHECK(next(x) == "0 '$ not at the end\n' '$ '");
}

TEST_CASE("a dot does not match a line end", "[text]") {
  auto x = watch_for({regex("a.*z")});
  x.append("a\nz");
  CHECK(next(x) == "");
  x.append(" a-z");
  CHECK(next(x) == "0 'a\nz ' 'a-z'");
}

TEST_CASE("an expression that matches nothing at all waits for a byte",
          "[text]") {
  auto x = watch_for({regex("x*")});
  x.append("abc");
  CHECK(next(x) == "");
  x.append("x");
  CHECK(next(x) == "0 'abc' 'x'");
}

TEST_CASE("a match is not made of what a gap or hidden output parts",
          "[text]") {
  auto x = watch_for({text("abc"), regex("x.?y")});
  x.append("ab");
  x.lose(7);
  x.append("c ab");
  x.append_hidden("abc");
  CHECK(next(x) == "");
  x.append("cx");
  x.append_hidden("!");
  x.append("y");
  CHECK(next(x) == "");
  x.append("xyabc");
  auto found = x.find();
  auto& match = **found;
  CHECK(match.text == "xy");
  CHECK(match.begin == 20);
  CHECK(match.before == "c ababccx!y");
  CHECK(next(x) == "0 '' 'abc'");
}

TEST_CASE("an expression looks back into hidden output", "[text]") {
  auto x = watch_for({regex("^done")});
  x.append("$ ");
  x.append_hidden("echo done\r\n");
  x.append("done\r\n");
  CHECK(next(x) == "0 '$ echo done\r\n' 'done'");
}

TEST_CASE("a watch keeps a bounded amount, and finds what comes", "[text]") {
  auto x = watch_for({text("needle"), regex("n[e]+dle!")}, 100);
  for (auto i = 0; i < 1000; ++i) {
    x.append(std::string(99, '.'));
    x.append_hidden("-");
    REQUIRE(next(x) == "");
  }
  x.append("nee");
  CHECK(next(x) == "");
  x.append("dle" + std::string(10'000, '.'));
  auto found = x.find();
  auto& match = **found;
  CHECK(match.text == "needle");
  CHECK(match.begin == 100'000);
  CHECK(match.before.size() <= 300);
  CHECK(next(x) == "");
}

TEST_CASE("texts in a lot of output are found in no time", "[text]") {
  auto x = watch_for({text("needle"), regex("needle\\d")});
  for (auto i = 0; i < 200'000; ++i) {
    x.append("nnn\n");
    REQUIRE_FALSE(*x.find());
  }
  x.append("needle1");
  CHECK(*x.find());
}

TEST_CASE("a pattern that cannot be is refused with the reason", "[text]") {
  CHECK(refusal(text("(")) == "");
  for (auto x : {text(""), regex("")})
    CHECK(refusal(x).find("invalid_argument at validate") == 0);
  for (auto* x : {"(", "[z-a]", "*", "\\"}) {
    auto why = refusal(regex(x));
    CAPTURE(x, why);
    CHECK(why.find("invalid_argument at validate") == 0);
    CHECK(why.find(std::string{"'"} + x + "'") != std::string::npos);
  }
}

TEST_CASE("an expression that takes too many steps is an error, not a wait",
          "[text]") {
  auto x = watch_for({regex("(a+)+b")});
  x.append(std::string(10'000, 'a'));
  CHECK(next(x).find("invalid_argument at run") == 0);
}

TEST_CASE("the rest is what did not match", "[text]") {
  auto x = watch_for({text("b")});
  CHECK(x.rest() == "");
  x.append("abc");
  CHECK(x.rest() == "abc");
  CHECK(next(x) == "0 'a' 'b'");
  CHECK(x.rest() == "c");
  x.lose(3);
  CHECK(x.rest() == "");
  x.append("de");
  CHECK(x.rest() == "de");
  x.skip();
  CHECK(x.rest() == "");
}
