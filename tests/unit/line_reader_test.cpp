#include "procession/io/line_reader.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace procession;
using namespace std::string_literals;

namespace {

using strings = std::vector<std::string>;

/// Notes lines: "o" or "e" for the stream, "..." where a line goes on.
struct scribe {
  line_reader lines;
  strings seen;

  explicit scribe(std::size_t limit = line_reader::default_limit)
    : lines(limit) {
    // nop
  }

  auto note() {
    return [this](const line& x) {
      seen.push_back((x.stream == stream_kind::out ? "o:"s : "e:"s)
                     + (x.begins ? "" : "...") + std::string{x.text}
                     + (x.ends ? "" : "..."));
    };
  }

  strings feed(std::string_view bytes, stream_kind stream = stream_kind::out) {
    lines.feed(stream, bytes, note());
    return std::exchange(seen, {});
  }

  strings end() {
    lines.end(note());
    return std::exchange(seen, {});
  }
};

/// Returns long, short and empty lines, all line ends, CRs within lines and
/// characters of every length.
std::string mixture() {
  std::string result;
  const char* words[] = {"a",    "\n",     "\r\n", "\r",
                         "äö",   "€",      "😀",   "word ",
                         "\n\n", "\r\r\n", "\xff", "0123456789abcdef"};
  std::uint32_t chance = 7;
  for (auto i = 0; i < 2000; ++i) {
    chance = chance * 1664525 + 1013904223;
    result += words[(chance >> 16) % std::size(words)];
  }
  return result;
}

} // namespace

TEST_CASE("line_reader: a chunk with several lines gives each of them",
          "[text]") {
  scribe x;
  CHECK(x.feed("one\ntwo\n\nfour") == strings{"o:one", "o:two", "o:"});
  CHECK(x.feed("th\n") == strings{"o:fourth"});
  CHECK(x.end().empty());
}

TEST_CASE("line_reader: a line that comes byte by byte is one line", "[text]") {
  scribe x;
  for (auto c : "grüße\r"s)
    CHECK(x.feed({&c, 1}).empty());
  CHECK(x.feed("\n") == strings{"o:grüße"});
}

TEST_CASE("line_reader: CRLF ends a line, a CR alone belongs to it", "[text]") {
  scribe x;
  CHECK(x.feed("a\r\nb\rc\n\r\n\r\r\n")
        == strings{"o:a", "o:b\rc", "o:", "o:\r"});
}

TEST_CASE("line_reader: the last line needs no line end", "[text]") {
  scribe x;
  CHECK(x.feed("one\nlast") == strings{"o:one"});
  CHECK(x.end() == strings{"o:last..."});
  CHECK(x.end().empty());
  CHECK(x.feed("anew\n") == strings{"o:anew"});
}

TEST_CASE("line_reader: each stream has lines of its own", "[text]") {
  scribe x;
  CHECK(x.feed("out ").empty());
  CHECK(x.feed("err ", stream_kind::err).empty());
  CHECK(x.feed("put\n") == strings{"o:out put"});
  CHECK(x.feed("or\n", stream_kind::err) == strings{"e:err or"});
}

TEST_CASE("line_reader: a line of exactly the limit is whole", "[text]") {
  scribe x{4};
  CHECK(x.feed("abcd\nabcd\r\n") == strings{"o:abcd", "o:abcd"});
  CHECK(x.feed("abcd\r").empty());
  CHECK(x.feed("\n") == strings{"o:abcd"});
}

TEST_CASE("line_reader: a line beyond the limit comes in parts", "[text]") {
  scribe x{4};
  CHECK(x.feed("abcdefghij\nk\n")
        == strings{"o:abcd...", "o:...efgh...", "o:...ij", "o:k"});
  CHECK(x.feed("abcde").empty());
  CHECK(x.end() == strings{"o:abcd...", "o:...e..."});
}

TEST_CASE("line_reader: a cut does not divide a character", "[text]") {
  scribe x{4};
  CHECK(x.feed("aaa€b\n") == strings{"o:aaa...", "o:...€b"});
  CHECK(x.feed("\xff\xff\xff\xff\xff\n")
        == strings{"o:\xff\xff\xff\xff...", "o:...\xff"});
}

TEST_CASE("line_reader: lost output ends one line and begins none", "[text]") {
  scribe x;
  CHECK(x.feed("before").empty());
  x.lines.lose(stream_kind::out, x.note());
  CHECK(std::exchange(x.seen, {}) == strings{"o:before..."});
  CHECK(x.feed("after\nnext\n") == strings{"o:...after", "o:next"});
}

TEST_CASE("line_reader: lines do not depend on where chunks end", "[text]") {
  auto bytes = mixture();
  auto limit = GENERATE(std::size_t{4}, std::size_t{16}, std::size_t{65536});
  scribe whole{limit};
  auto expected = whole.feed(bytes);
  for (auto& x : whole.end())
    expected.push_back(x);
  std::size_t longest = 0;
  for (auto& x : expected)
    longest = std::max(longest, x.size());
  CHECK(longest <= limit + 8);
  for (std::size_t size : {1, 2, 3, 7, 64}) {
    scribe pieces{limit};
    strings seen;
    for (std::size_t at = 0; at < bytes.size(); at += size)
      for (auto& x : pieces.feed(std::string_view{bytes}.substr(at, size)))
        seen.push_back(x);
    for (auto& x : pieces.end())
      seen.push_back(x);
    CHECK((seen == expected));
  }
}
