#include "procession/io/output/chunks.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace procession;

namespace {

/// Reads `text`.
shared_bytes read(chunk_pool& pool, chunk_tail& tail, const std::string& text) {
  auto room = pool.scratch();
  REQUIRE(text.size() <= room.size());
  std::memcpy(room.data(), text.data(), text.size());
  return pool.take(text.size(), tail);
}

} // namespace

TEST_CASE("the room to read into stays until something was read", "[output]") {
  chunk_pool pool;
  chunk_tail tail;
  auto room = pool.scratch();
  CHECK(room.size() == chunk_pool::block_size);
  CHECK(pool.scratch().data() == room.data());
  CHECK(pool.take(0, tail).empty());
  CHECK(pool.scratch().data() == room.data());
}

TEST_CASE("small reads of a stream share a tail and can be joined",
          "[output]") {
  chunk_pool pool;
  chunk_tail tail;
  auto first = read(pool, tail, "ab");
  auto second = read(pool, tail, "cde");
  CHECK(first.text() == "ab");
  CHECK(second.text() == "cde");
  CHECK(second.data() == first.data() + 2);
  CHECK(first.join(second));
  CHECK(first.text() == "abcde");
}

TEST_CASE("streams with tails of their own do not mix", "[output]") {
  chunk_pool pool;
  chunk_tail out;
  chunk_tail err;
  auto a = read(pool, out, "aa");
  auto b = read(pool, err, "bb");
  auto c = read(pool, out, "cc");
  CHECK_FALSE(a.join(b));
  CHECK(a.join(c));
  CHECK(a.text() == "aacc");
}

TEST_CASE("a tail that is full is followed by the next", "[output]") {
  chunk_pool pool;
  chunk_tail tail;
  auto text = std::string(1000, 'x');
  std::vector<shared_bytes> all;
  for (auto i = 0; i < 10; ++i)
    all.push_back(read(pool, tail, text));
  auto blocks = 1;
  for (auto i = 1u; i < all.size(); ++i)
    blocks += all[i].data() != all[i - 1].data() + 1000;
  CHECK(blocks == 3);
  for (auto& x : all)
    CHECK(x.text() == text);
}

TEST_CASE("a large read is handed over as it is", "[output]") {
  chunk_pool pool;
  chunk_tail tail;
  auto* room = pool.scratch().data();
  auto text = std::string(chunk_pool::block_size, 'x');
  auto chunk = read(pool, tail, text);
  CHECK(chunk.data() == room);
  CHECK(chunk.text() == text);
  CHECK(pool.scratch().data() != room);
}

TEST_CASE("a read of middling size does not hold on to a whole block",
          "[output]") {
  chunk_pool pool;
  chunk_tail tail;
  auto* room = pool.scratch().data();
  auto size = GENERATE(as<std::size_t>{}, 1025, 4096, 32 * 1024);
  auto text = std::string(size, 'x');
  auto chunk = read(pool, tail, text);
  CHECK(chunk.data() != room);
  CHECK(chunk.text() == text);
  CHECK(pool.scratch().data() == room);
}

TEST_CASE("a chunk that is dropped brings its block back", "[output]") {
  chunk_pool pool;
  chunk_tail tail;
  auto chunk = read(pool, tail, std::string(60000, 'x'));
  auto* block = chunk.data();
  auto slice = chunk.from(59999);
  chunk = {};
  CHECK(pool.scratch().data() != block);
  slice = {};
  // The room that is waiting is used first.
  auto next = read(pool, tail, std::string(60000, 'y'));
  CHECK(next.data() != block);
  CHECK(pool.scratch().data() == block);
}

TEST_CASE("unused blocks are kept up to the limit", "[output]") {
  chunk_pool pool{2};
  chunk_tail tail;
  std::vector<shared_bytes> all;
  std::set<const std::byte*> blocks;
  for (auto i = 0; i < 8; ++i) {
    all.push_back(read(pool, tail, std::string(60000, 'x')));
    blocks.insert(all.back().data());
  }
  CHECK(blocks.size() == 8);
  all.clear();
  all.push_back(read(pool, tail, std::string(60000, 'y')));
  all.push_back(read(pool, tail, std::string(60000, 'y')));
  CHECK(blocks.count(all[0].data()) == 1);
  CHECK(blocks.count(all[1].data()) == 1);
}

TEST_CASE("chunks outlive their pool", "[output]") {
  shared_bytes large;
  shared_bytes small;
  {
    chunk_pool pool;
    chunk_tail tail;
    large = read(pool, tail, std::string(60000, 'x'));
    small = read(pool, tail, "abc");
  }
  CHECK(large.text() == std::string(60000, 'x'));
  CHECK(small.text() == "abc");
}

TEST_CASE("chunks may be dropped on another thread while reading goes on",
          "[output]") {
  chunk_pool pool{4};
  chunk_tail tail;
  std::minstd_rand chance{7};
  for (auto round = 0; round < 50; ++round) {
    std::vector<std::pair<shared_bytes, std::string>> sent;
    for (auto i = 0; i < 20; ++i) {
      auto size = chance() % 3 == 0 ? 1 + chance() % 65536 : 1 + chance() % 64;
      auto text = std::string(size, static_cast<char>('a' + i));
      sent.emplace_back(read(pool, tail, text), text);
    }
    auto intact = true;
    std::thread other{[&, mine = std::move(sent)]() mutable {
      for (auto& [bytes, text] : mine) {
        intact = intact && bytes.text() == text;
        bytes = {};
      }
    }};
    for (auto i = 0; i < 20; ++i)
      read(pool, tail, std::string(40000, 'z'));
    other.join();
    CHECK(intact);
  }
}
