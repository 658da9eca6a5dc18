#include "procession/io/line_matcher.hpp"

#include <catch2/catch.hpp>

using namespace procession;

TEST_CASE("a pattern is found in a line, wherever the bytes are cut") {
  const std::string text = "one\ntwo listening on port 80\nthree\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    line_matcher x{"listening on port 80"};
    auto found = x.feed(text.substr(0, cut));
    if (!found)
      found = x.feed(text.substr(cut));
    CHECK(found);
  }
}

TEST_CASE("a pattern is found before its line is at its end") {
  line_matcher x{">>> "};
  CHECK_FALSE(x.feed("Python\n>>>"));
  CHECK(x.feed(" "));
}

TEST_CASE("a pattern is not found over two lines") {
  line_matcher x{"ab"};
  CHECK_FALSE(x.feed("a\nb"));
  CHECK_FALSE(x.feed("a"));
  x.skip();
  CHECK_FALSE(x.feed("b\n\n"));
}

TEST_CASE("a star stands for any run of characters of the line") {
  auto found = [](const char* pattern, const char* text) {
    return line_matcher{pattern}.feed(text);
  };
  CHECK(found("port * of *", "port 80 of localhost"));
  CHECK(found("port*of", "portof"));
  CHECK_FALSE(found("port * of", "of port 80 "));
  CHECK_FALSE(found("port*of", "port\nof"));
  CHECK(found("**a**b**", "xxaxxbxx"));
  CHECK_FALSE(found("aba*ab", "abab"));
}

TEST_CASE("of a line without end no more than its beginning is looked at") {
  line_matcher x{"here"};
  for (std::size_t i = 0; i < line_matcher::max_line / 4; ++i)
    CHECK_FALSE(x.feed("----"));
  CHECK_FALSE(x.feed("here"));
  CHECK_FALSE(x.feed("\n"));
  CHECK(x.feed("here"));
}
