#include "procession/io/output/head_tail_buffer.hpp"
#include "procession/io/output/merged_output.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace procession;

namespace {

using enum stream_kind;
const std::string mark = "\xEF\xBF\xBD";

/// Returns the number of bytes that the text of an excerpt stands for.
std::uint64_t shown(const excerpt& x) {
  return x.head.size() + x.tail.size() - 2 * x.invalid;
}

} // namespace

TEST_CASE("a buffer keeps the head and the tail, and counts what is between",
          "[exec][output]") {
  head_tail_buffer x{10};
  x.append("0123456789");
  x.append("ab");
  CHECK(x.size() == 12);
  auto y = x.take();
  CHECK(y.head == "01234");
  CHECK(y.omitted == 2);
  CHECK(y.tail == "789ab");
}

TEST_CASE("a buffer without room keeps nothing, and one of a byte the last",
          "[exec][output]") {
  head_tail_buffer none{0};
  none.append("abc");
  auto x = none.take();
  CHECK(x.head + x.tail == "");
  CHECK(x.omitted == 3);
  head_tail_buffer one{1};
  one.append("ab");
  one.append("c");
  x = one.take();
  CHECK(x.head == "");
  CHECK(x.omitted == 2);
  CHECK(x.tail == "c");
}

TEST_CASE("a buffer that was emptied begins anew", "[exec][output]") {
  head_tail_buffer x{4};
  x.append("abcdefgh");
  x.take();
  CHECK(x.size() == 0);
  x.append("12");
  auto y = x.take();
  CHECK(y.head + y.tail == "12");
  CHECK(y.omitted == 0);
}

TEST_CASE("a buffer does not care how its bytes come", "[exec][output]") {
  std::string all;
  for (auto i = 0; i < 300; ++i)
    all += static_cast<char>('a' + i % 26);
  std::minstd_rand chance{7};
  for (std::size_t capacity : {0, 1, 2, 3, 10, 31, 299, 300, 301}) {
    head_tail_buffer whole{capacity};
    whole.append(all);
    head_tail_buffer pieces{capacity};
    for (std::size_t at = 0; at < all.size();) {
      auto n = chance() % (chance() % 8 == 0 ? 90 : 4);
      pieces.append(std::string_view{all}.substr(at, n));
      at += n;
    }
    CHECK(pieces.size() == all.size());
    auto x = whole.take();
    auto y = pieces.take();
    CHECK(x.head == y.head);
    CHECK(x.omitted == y.omitted);
    CHECK(x.tail == y.tail);
    CHECK(x.head.size() + x.omitted + x.tail.size() == all.size());
    CHECK(x.head == all.substr(0, x.head.size()));
    CHECK(x.tail == all.substr(all.size() - x.tail.size()));
  }
}

TEST_CASE("a buffer of a mebibyte that gets two bytes more omits just these",
          "[exec][output]") {
  constexpr std::size_t mib = 1024 * 1024;
  head_tail_buffer x{mib};
  for (std::size_t i = 0; i < mib / 1024; ++i)
    x.append(std::string(1024, 'x'));
  CHECK(x.omitted() == 0);
  x.append("yz");
  auto y = x.take();
  CHECK(y.omitted == 2);
  CHECK(y.head.size() + y.tail.size() == mib);
  CHECK(y.tail.substr(y.tail.size() - 2) == "yz");
}

TEST_CASE("lost bytes count in the one omission", "[exec][output]") {
  head_tail_buffer x{10};
  x.append("abcdefg");
  x.lose(100);
  x.append("xyz");
  auto y = x.take();
  CHECK(y.head == "abcde");
  CHECK(y.omitted == 102);
  CHECK(y.tail == "xyz");
}

TEST_CASE("output that fits is one run", "[exec][output]") {
  merged_output x{100};
  x.append(out, "one ");
  x.append(err, "two ");
  x.append(out, "three");
  auto y = x.take(100);
  CHECK(y.head == "one two three");
  CHECK(y.tail == "");
  CHECK(y.omitted == 0);
  CHECK(y.bytes == cursor{9, 4});
  CHECK(x.take(100).bytes == cursor{});
}

TEST_CASE("a budget leaves out the middle, to the byte", "[exec][output]") {
  merged_output x{100};
  x.append(out, "0123456789");
  auto y = x.take(6);
  CHECK(y.head == "012");
  CHECK(y.omitted == 4);
  CHECK(y.tail == "789");
  CHECK(y.bytes == cursor{10, 0});
}

TEST_CASE("bytes omitted by the buffer and by the budget add up",
          "[exec][output]") {
  merged_output x{10};
  x.append(out, "0123456789abcdefghij");
  auto y = x.take(4);
  CHECK(y.head == "01");
  CHECK(y.omitted == 16);
  CHECK(y.tail == "ij");
}

TEST_CASE("a short tail leaves its room to the head, and the other way round",
          "[exec][output]") {
  merged_output x{20};
  x.append(out, "0123456789");
  x.lose(out, 5);
  x.append(out, "ab");
  auto y = x.take(10);
  CHECK(y.head == "01234567");
  CHECK(y.omitted == 7);
  CHECK(y.tail == "ab");
  x.append(out, "0");
  x.lose(out, 1);
  x.append(out, "abcdefghi");
  y = x.take(6);
  CHECK(y.head == "0");
  CHECK(y.omitted == 5);
  CHECK(y.tail == "efghi");
}

TEST_CASE("a character in two chunks is whole, whatever is said between them",
          "[exec][output]") {
  merged_output x{100};
  x.append(out, "a\xE2\x82");
  x.append(err, "b\xC3");
  auto y = x.take(100);
  CHECK(y.head == "ab");
  CHECK(y.bytes == cursor{1, 1});
  x.append(out, "\xAC");
  x.append(err, "\xA4");
  y = x.take(100);
  CHECK(y.head == "\xE2\x82\xAC\xC3\xA4");
  CHECK(y.bytes == cursor{3, 2});
  CHECK(y.invalid == 0);
}

TEST_CASE("the beginning of a character that never goes on is shown at the end",
          "[exec][output]") {
  merged_output x{100};
  x.append(out, "a\xE2\x82");
  SECTION("of the streams") {
    x.end();
  }
  SECTION("of the gap behind it") {
    x.lose(out, 0);
  }
  auto y = x.take(100);
  CHECK(y.head + y.tail == "a" + mark + mark);
  CHECK(y.invalid == 2);
  CHECK(y.bytes == cursor{3, 0});
}

TEST_CASE("a character that the buffer cuts is left out whole",
          "[exec][output]") {
  merged_output x{8};
  for (auto i = 0; i < 10; ++i)
    x.append(out, "\xE2\x82\xAC");
  auto y = x.take(100);
  CHECK(y.head == "\xE2\x82\xAC");
  CHECK(y.tail == "\xE2\x82\xAC");
  CHECK(y.omitted == 24);
  CHECK(y.invalid == 0);
}

TEST_CASE("every byte is shown or counted, and all is text", "[exec][output]") {
  std::minstd_rand chance{11};
  const std::vector<std::string> said{"plain ",       "\xC3\xA4",
                                      "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                      "\xFF",         "\xE2\x82",
                                      "\x80",         std::string(1, '\0')};
  for (auto round = 0; round < 2000; ++round) {
    merged_output x{chance() % 40};
    cursor came;
    cursor told;
    std::string text;
    for (auto i = chance() % 30; i > 0; --i) {
      auto stream = chance() % 2 == 0 ? out : err;
      std::string chunk;
      for (auto k = chance() % 4; k > 0; --k)
        chunk += said[chance() % said.size()];
      chunk.erase(chance() % (chunk.size() + 1));
      came[stream] += chunk.size();
      if (chance() % 10 == 0)
        x.lose(stream, chunk.size());
      else
        x.append(stream, chunk);
      if (i == 1)
        x.end();
      if (i > 1 && chance() % 4 != 0)
        continue;
      auto budget = chance() % 50;
      auto y = x.take(budget);
      REQUIRE(y.head.size() + y.tail.size() <= budget);
      REQUIRE(shown(y) + y.omitted == y.bytes.out + y.bytes.err);
      REQUIRE((y.omitted > 0 || y.tail.empty()));
      told.out += y.bytes.out;
      told.err += y.bytes.err;
      // Splitting at a mark cannot hide that the rest is not text.
      merged_output check{200};
      check.append(out, y.head);
      check.append(err, y.tail);
      check.end();
      REQUIRE(check.take(600).invalid == 0);
      if (i == 1)
        REQUIRE(told == came);
    }
  }
}
