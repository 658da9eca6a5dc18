#include "procession/runner/channel/frame.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

using namespace procession;

namespace {

/// The output of a decoder.
struct heard {
  std::vector<frame_header> headers;
  std::vector<std::string> bodies;
  std::optional<failure> wrong;
};

std::string text_of(std::span<const std::byte> x) {
  return {reinterpret_cast<const char*>(x.data()), x.size()};
}

/// Returns the bytes of a frame.
std::string framed(frame_type type, std::uint64_t sequence,
                   const std::string& body, std::uint64_t session = 0,
                   std::uint8_t version = protocol_version) {
  frame_header x;
  x.length = static_cast<std::uint32_t>(body.size());
  x.version = version;
  x.type = type;
  x.session = session;
  x.sequence = sequence;
  return text_of(encode(x)) + body;
}

/// Feeds `bytes` to a decoder in pieces of the given size.
heard listen(const std::string& bytes, std::size_t piece) {
  heard result;
  frame_decoder decoder;
  chunk_tail tail;
  auto all = std::as_bytes(std::span{bytes});
  while (!all.empty() && !result.wrong) {
    auto n = std::min(piece, all.size());
    result.wrong = decoder.feed(
      all.first(n),
      [&](frame& x) {
        result.headers.push_back(x.header());
        result.bodies.push_back(text_of(x.body()));
        CHECK(x.take_body(tail).text() == result.bodies.back());
      },
      [] { return true; });
    all = all.subspan(n);
  }
  if (!result.wrong)
    CHECK_FALSE(decoder.at_end());
  return result;
}

} // namespace

TEST_CASE("a header is 24 bytes, little endian", "[protocol]") {
  frame_header x;
  x.length = 0x01020304;
  x.version = 5;
  x.type = frame_type::output;
  x.flags = 0x0607;
  x.session = 0x08090a0b0c0d0e0f;
  x.sequence = 0x1011121314151617;
  CHECK(text_of(encode(x))
        == std::string{"\x04\x03\x02\x01\x05\x22\x07\x06"
                       "\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08"
                       "\x17\x16\x15\x14\x13\x12\x11\x10"});
  auto y = decode(encode(x));
  CHECK(y.length == x.length);
  CHECK(y.version == x.version);
  CHECK(y.type == x.type);
  CHECK(y.flags == x.flags);
  CHECK(y.session == x.session);
  CHECK(y.sequence == x.sequence);
}

TEST_CASE("frames come out as they went in, however they are cut",
          "[protocol]") {
  std::vector<std::string> bodies{"",
                                  "hello",
                                  std::string(5000, 'a'),
                                  std::string(70000, 'b'),
                                  "",
                                  std::string(chunk_pool::block_size, 'c'),
                                  std::string(max_frame_body, 'd'),
                                  "end"};
  std::string bytes;
  auto type = frame_type::hello;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    bytes += framed(type, i + 1, bodies[i], i * 7);
    type = frame_type::output;
  }
  auto piece = GENERATE(1, 3, 23, 24, 25, 4096, 65536, 1 << 20, 1 << 30);
  auto result = listen(bytes, piece);
  CHECK_FALSE(result.wrong);
  CHECK((result.bodies == bodies));
  for (std::size_t i = 0; i < result.headers.size(); ++i)
    CHECK(result.headers[i].session == i * 7);
}

TEST_CASE("a header alone tells an invalid frame from a frame", "[protocol]") {
  auto first = framed(frame_type::hello, 1, "x");
  auto wrong = [&](std::string bytes) {
    auto result = listen(first + bytes, GENERATE(1, 1 << 20));
    CHECK(result.bodies == std::vector<std::string>{"x"});
    REQUIRE(result.wrong);
    CHECK(result.wrong->code == errc::protocol_violation);
    CHECK(result.wrong->detail.at == stage::channel);
    return result.wrong->detail.text;
  };
  SECTION("another version") {
    CHECK(wrong(framed(frame_type::ping, 2, "", 0, 1))
          == "a frame has the protocol version 1, ours is 4");
  }
  SECTION("a body beyond the limit, of which nothing need arrive") {
    frame_header x;
    x.length = max_frame_body + 1;
    x.sequence = 2;
    CHECK(wrong(text_of(encode(x))) == "a frame claims 1048577 bytes");
    x.length = UINT32_MAX;
    CHECK(wrong(text_of(encode(x))) == "a frame claims 4294967295 bytes");
  }
  SECTION("a frame twice, or one missing") {
    auto sequence = GENERATE(0u, 1u, 3u);
    CHECK(wrong(framed(frame_type::ping, sequence, ""))
          == "frame 2 has the number " + std::to_string(sequence));
  }
}

TEST_CASE("input that does not begin with a hello is quoted", "[protocol]") {
  auto quote = [](const std::string& text, std::size_t piece) {
    auto result = listen(text, piece);
    REQUIRE(result.wrong);
    auto said = result.wrong->detail.text;
    const std::string begin
      = "it does not begin with a hello of version 4 but with ";
    CHECK(said.substr(0, begin.size()) == begin);
    return said.substr(begin.size());
  };
  SECTION("as far as it came") {
    CHECK(quote("Last login: Mon Nov 23 10:00 on tty1", 100)
          == "\"Last login: Mon Nov 23 10:00 on tty1\"");
  }
  SECTION("before there is a whole header") {
    CHECK(quote("hi\n", 100) == "\"hi.\"");
    CHECK(quote("Last login", 1) == "\"Las\"");
    CHECK(quote(std::string("\x10\0\0\0\x03", 5), 1) == "\".....\"");
    CHECK(quote(std::string("\x10\0\0\0\x04\x21", 6), 1) == "\".....!\"");
  }
  SECTION("in part, if it is long") {
    CHECK(quote(std::string(1000, 'x'), 1000)
          == '"' + std::string(256, 'x') + '"');
  }
}

TEST_CASE("a decoder that is not wanted any more delivers nothing",
          "[protocol]") {
  auto bytes = framed(frame_type::hello, 1, "")
               + framed(frame_type::ping, 2, "")
               + framed(frame_type::ping, 3, "");
  frame_decoder decoder;
  auto count = 0;
  auto bad = decoder.feed(
    std::as_bytes(std::span{bytes}), [&](frame&) { ++count; },
    [&] { return count < 2; });
  CHECK_FALSE(bad);
  CHECK(count == 2);
}
