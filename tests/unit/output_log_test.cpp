#include "procession/io/output/output_log.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace procession;

namespace {

using enum stream_kind;

/// Returns all that a reader gets, in pieces of at most `max`: "out@0 abc".
std::vector<std::string> read(const output_log& log, output_log::position at,
                              std::uint64_t max = 99) {
  std::vector<std::string> result;
  while (auto loss = log.skip_evicted(at))
    result.push_back("loss " + to_string(loss->stream) + " "
                     + std::to_string(loss->from) + "-"
                     + std::to_string(loss->to));
  while (auto x = log.next(at, max))
    result.push_back(to_string(x->stream) + "@" + std::to_string(x->offset)
                     + " " + std::string{x->bytes.text()});
  CHECK(log.at_end(at));
  return result;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("a log keeps both streams in the order of arrival", "[output]") {
  output_log log{100};
  log.append(out, "abc");
  log.append(err, "12");
  log.append(out, "de");
  CHECK(log.size() == 7);
  CHECK(log.begin() == cursor{});
  CHECK(log.end() == cursor{5, 2});
  CHECK(read(log, log.find({})) == lines{"out@0 abc", "err@0 12", "out@3 de"});
  CHECK(read(log, log.find({}), 2)
        == lines{"out@0 ab", "out@2 c", "err@0 12", "out@3 de"});
  CHECK(read(log, log.find({1, 1}))
        == lines{"out@1 bc", "err@1 2", "out@3 de"});
  CHECK(read(log, log.find({5, 0})) == lines{"err@0 12"});
  CHECK(read(log, log.find({0, 2})) == lines{"out@0 abc", "out@3 de"});
  CHECK(read(log, log.find({5, 2})) == lines{});
}

TEST_CASE("an empty log reads as nothing", "[output]") {
  output_log log{100};
  CHECK(read(log, log.find({})) == lines{});
  log.append(out, "");
  CHECK(log.size() == 0);
  log.trim();
  CHECK(read(log, log.find({})) == lines{});
}

TEST_CASE("pieces of one block are joined, also under a reader's eyes",
          "[output]") {
  auto block = shared_bytes{"abcdef"};
  output_log log{100};
  log.append(out, block.first(2));
  auto reader = log.find({});
  CHECK(log.next(reader, 99)->bytes.text() == "ab");
  CHECK_FALSE(log.next(reader, 99));
  log.append(out, block.from(2).first(2));
  CHECK(log.next(reader, 99)->bytes.text() == "cd");
  log.append(err, "1");
  log.append(out, block.from(4));
  CHECK(log.next(reader, 99)->stream == err);
  auto last = log.next(reader, 99);
  CHECK(last->bytes.text() == "ef");
  CHECK(last->bytes.data() == block.data() + 4);
  CHECK(read(log, log.find({})) == lines{"out@0 abcd", "err@0 1", "out@4 ef"});
}

TEST_CASE("a reader at the end gets what is joined to the last piece",
          "[output]") {
  auto block = shared_bytes{"abcdef"};
  output_log log{100};
  log.append(out, block.first(2));
  auto reader = log.find({2, 0});
  CHECK_FALSE(log.next(reader, 99));
  log.append(out, block.from(2).first(2));
  log.append(err, "1");
  CHECK(read(log, reader) == lines{"out@2 cd", "err@0 1"});
}

TEST_CASE("the log is trimmed to the byte", "[output]") {
  output_log log{4};
  log.append(out, "abc");
  log.append(err, "123");
  CHECK(log.size() == 6);
  log.trim();
  CHECK(log.size() == 4);
  CHECK(log.begin() == cursor{2, 0});
  CHECK(read(log, log.find({}))
        == lines{"loss out 0-2", "out@2 c", "err@0 123"});
  log.append(err, "4567");
  log.trim();
  CHECK(log.begin() == cursor{3, 3});
  CHECK(read(log, log.find({1, 1}))
        == lines{"loss out 1-3", "loss err 1-3", "err@3 4567"});
  CHECK(read(log, log.find({3, 5})) == lines{"err@5 67"});
}

TEST_CASE("a capacity of zero keeps nothing that may go", "[output]") {
  output_log log{0};
  CHECK(log.full({}));
  log.append(out, "abc");
  log.trim({1, 0});
  CHECK(log.size() == 2);
  log.trim();
  CHECK(log.size() == 0);
  CHECK(read(log, log.find({})) == lines{"loss out 0-3"});
}

TEST_CASE("output after the floor is not evicted", "[output]") {
  output_log log{2};
  log.append(out, "abcd");
  log.append(err, "1234");
  log.append(out, "efgh");
  log.trim({3, 0});
  CHECK(log.begin() == cursor{3, 0});
  log.trim({8, 3});
  CHECK(log.begin() == cursor{4, 3});
  CHECK(log.size() == 5);
  log.trim({8, 4});
  CHECK(log.begin() == cursor{6, 4});
  CHECK(log.size() == 2);
}

TEST_CASE("a log is full when what may not go fills it", "[output]") {
  output_log log{4};
  log.append(out, "abc");
  CHECK_FALSE(log.full({}));
  log.append(err, "1");
  CHECK(log.full({}));
  CHECK_FALSE(log.full({1, 0}));
  log.append(err, "2");
  CHECK(log.full({1, 0}));
  CHECK_FALSE(log.full({3, 2}));
}

TEST_CASE("streams that take turns byte by byte do not grow the log",
          "[output]") {
  constexpr auto capacity = 64 * 1024;
  output_log log{capacity};
  for (auto i = 0; i < capacity; ++i) {
    log.append(i % 2 == 0 ? out : err, "x");
    log.trim();
  }
  // Each run is a record of its own, and there is one record for every 64
  // bytes.
  CHECK(log.size() == 64 + capacity / 64);
  CHECK(log.full(log.begin()) == false);
  log.append(err, "y");
  CHECK(log.full({}));
}

TEST_CASE("a reader goes on where it was after eviction", "[output]") {
  output_log log{4};
  log.append(out, "abcd");
  auto reader = log.find({});
  CHECK(log.next(reader, 2)->bytes.text() == "ab");
  for (auto text : {"ef", "gh", "ij"}) {
    log.append(out, text);
    log.trim();
  }
  CHECK(read(log, reader) == lines{"loss out 2-6", "out@6 gh", "out@8 ij"});
}

namespace {

/// A naive model of the log: every byte is a record.
struct model {
  struct byte {
    stream_kind stream;
    std::uint64_t offset;
    char value;
  };

  std::vector<byte> all;
  cursor end;

  void append(stream_kind stream, const std::string& text) {
    for (auto c : text)
      all.push_back({stream, end[stream]++, c});
  }

  /// Returns the piece of at most `max` bytes that a reader at `at` gets if the
  /// retained bytes begin at `begin`.
  std::string next(cursor& at, cursor begin, std::uint64_t max) const {
    std::string result;
    for (auto& x : all) {
      if (x.offset < begin[x.stream] || x.offset < at[x.stream])
        continue;
      if (!result.empty() && (x.stream != last_ || result.size() == max))
        break;
      last_ = x.stream;
      result += x.value;
      at[x.stream] = x.offset + 1;
    }
    return result;
  }

private:
  mutable stream_kind last_ = stream_kind::out;
};

} // namespace

TEST_CASE("a log does what its naive model does", "[output]") {
  auto seed = GENERATE(range(1u, 31u));
  CAPTURE(seed);
  std::minstd_rand chance{seed};
  auto capacity = chance() % 200;
  output_log log{capacity};
  model naive;
  struct reader {
    output_log::position at;
    cursor expected;
  };
  std::vector<reader> readers(3);
  auto block = shared_bytes{std::string(5000, 'x')};
  auto used = std::size_t{0};
  for (auto step = 0; step < 500; ++step) {
    auto& who = readers[chance() % readers.size()];
    switch (chance() % 5) {
      case 0:
      case 1: {
        // Some appends are adjacent in a block and are joined.
        auto stream = chance() % 3 == 0 ? err : out;
        auto n = chance() % 40;
        auto bytes = shared_bytes{std::string(n, 'a' + step % 26)};
        if (chance() % 2 == 0 && used + n < block.size()) {
          bytes = block.from(used).first(n);
          used += n;
        }
        naive.append(stream, std::string{bytes.text()});
        log.append(stream, bytes);
        CHECK(log.end() == naive.end);
        break;
      }
      case 2: {
        auto before = log.begin();
        auto floor = cursor{chance() % (log.end().out + 1),
                            chance() % (log.end().err + 1)};
        if (chance() % 2 == 0) {
          log.trim();
          CHECK(log.size() <= capacity);
        } else {
          log.trim(floor);
          CHECK(log.begin().out <= std::max(floor.out, before.out));
          CHECK(log.begin().err <= std::max(floor.err, before.err));
        }
        CHECK(log.size()
              == log.end().out - log.begin().out + log.end().err
                   - log.begin().err);
        break;
      }
      case 3:
        who.expected = {chance() % (log.end().out + 1),
                        chance() % (log.end().err + 1)};
        who.at = log.find(who.expected);
        CHECK(who.at.at == who.expected);
        break;
      default: {
        while (auto loss = log.skip_evicted(who.at)) {
          CHECK(loss->from == who.expected[loss->stream]);
          CHECK(loss->to == log.begin()[loss->stream]);
          who.expected[loss->stream] = loss->to;
        }
        auto max = 1 + chance() % 50;
        auto got = log.next(who.at, max);
        auto begin = who.expected;
        auto text = naive.next(begin, log.begin(), max);
        REQUIRE(static_cast<bool>(got) == !text.empty());
        if (!got)
          break;
        // A log may give less than one piece could hold, not more.
        auto n = got->bytes.size();
        REQUIRE(n > 0);
        REQUIRE(n <= text.size());
        CHECK(got->bytes.text() == text.substr(0, n));
        CHECK(got->offset == who.expected[got->stream]);
        who.expected[got->stream] += n;
        CHECK(who.at.at == who.expected);
      }
    }
  }
}
