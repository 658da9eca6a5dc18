#include "procession/io/text/utf8.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace procession;
using kind = utf8::piece::kind;

namespace {

const std::string replacement = "\xEF\xBF\xBD";

std::string all_of(const std::string& text) {
  return utf8::take_front(text, text.size() * 3).text;
}

} // namespace

TEST_CASE("a character is what RFC 3629 says, at its bounds", "[text]") {
  for (auto* x : {"a", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80",
                  "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
                  "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    auto text = std::string{x};
    auto first = utf8::first_piece(text + "z");
    CHECK(first.what == kind::character);
    CHECK(first.size == text.size());
    // Each shorter piece is a beginning and waits for the rest.
    for (std::size_t n = 1; n < text.size(); ++n) {
      CHECK(utf8::first_piece(text.substr(0, n)).what == kind::incomplete);
      CHECK(utf8::incomplete_tail("ab" + text.substr(0, n)) == n);
      CHECK(utf8::first_piece(text.substr(0, n) + "z").what == kind::invalid);
    }
    CHECK(utf8::incomplete_tail("ab" + text) == 0);
  }
  CHECK(utf8::first_piece(std::string(1, '\0')).what == kind::character);
}

TEST_CASE("overlong forms, surrogates and numbers too large are not characters",
          "[text]") {
  for (auto* x :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    CHECK(utf8::first_piece(x).what == kind::invalid);
    CHECK(utf8::first_piece(x).size == 1);
    CHECK(utf8::incomplete_tail(x) == 0);
  }
}

TEST_CASE("each byte that is no part of a character has one mark", "[text]") {
  CHECK(all_of("a\xFF\xFE"
               "b")
        == "a" + replacement + replacement + "b");
  CHECK(all_of("\xE2\x82"
               "c")
        == replacement + replacement + "c");
  CHECK(all_of("\xE2\x82\xAC\xAC") == "\xE2\x82\xAC" + replacement);
  auto x = utf8::take_front("a\xFF\xE2\x82\xAC\xC2", 99);
  CHECK(x.bytes == 6);
  CHECK(x.invalid == 2);
}

TEST_CASE("a cut falls between characters, and what it leaves is counted",
          "[text]") {
  const std::string text = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z";
  for (std::uint64_t limit = 0; limit <= text.size() + 1; ++limit) {
    auto front = utf8::take_front(text, limit);
    CHECK(front.text.size() <= limit);
    CHECK(front.invalid == 0);
    CHECK(front.text == text.substr(0, front.bytes));
    auto back = utf8::take_back(text, limit);
    CHECK(back.text.size() <= limit);
    CHECK(back.invalid == 0);
    CHECK(back.text == text.substr(text.size() - back.bytes));
    // A further character would not have fitted.
    if (front.bytes < text.size())
      CHECK(utf8::take_front(text, limit + 4).bytes > front.bytes);
  }
  CHECK(utf8::take_front(text, 5).text == "a\xC3\xA4");
  CHECK(utf8::take_back(text, 5).text == "\xF0\x9F\x98\x80z");
}

TEST_CASE("a mark counts as what it is in the text", "[text]") {
  CHECK(utf8::sound_size("\xFF"
                         "a")
        == 4);
  CHECK(utf8::take_front("\xFF\xFF", 5).bytes == 1);
  CHECK(utf8::take_back("\xFF\xFF"
                        "a",
                        5)
          .text
        == replacement + "a");
}

TEST_CASE("a lot of no text at all takes linear time", "[text]") {
  std::string bytes(1024 * 1024, '\xFF');
  auto x = utf8::take_back(bytes, 3 * 1000);
  CHECK(x.bytes == 1000);
  CHECK(x.invalid == 1000);
  CHECK(utf8::sound_size(bytes) == 3 * bytes.size());
}

TEST_CASE("text may begin with the rest of a character", "[text]") {
  CHECK(utf8::continuation_head("") == 0);
  CHECK(utf8::continuation_head("a\x80") == 0);
  CHECK(utf8::continuation_head("\x82\xAC"
                                "a")
        == 2);
  CHECK(utf8::continuation_head("\x80\x80\x80\x80") == 3);
}
