#include "procession/io/output/credit.hpp"

#include <catch2/catch.hpp>

#include <cstdint>

using namespace procession;

TEST_CASE("a send window is what may be under way", "[output][protocol]") {
  send_window x{10};
  CHECK(x.available() == 10);
  x.sent(4);
  CHECK(x.available() == 6);
  x.sent(6);
  CHECK(x.available() == 0);
  x.acknowledged(3);
  CHECK(x.available() == 3);
  x.acknowledged(7);
  CHECK(x.available() == 10);
}

TEST_CASE("acknowledging too much opens a send window to its size only",
          "[output][protocol]") {
  send_window x{10};
  x.acknowledged(5);
  CHECK(x.available() == 10);
  x.sent(10);
  x.acknowledged(UINT64_MAX);
  CHECK(x.available() == 10);
}

TEST_CASE("a receive window grants when a quarter is owed",
          "[output][protocol]") {
  receive_window x{100};
  CHECK(x.size() == 100);
  CHECK(x.grant() == 0);
  x.consumed(24);
  CHECK(x.grant() == 0);
  x.consumed(1);
  CHECK(x.grant() == 25);
  CHECK(x.grant() == 0);
  x.consumed(100);
  CHECK(x.grant() == 100);
}

TEST_CASE("the smallest receive window grants every byte",
          "[output][protocol]") {
  receive_window x{1};
  CHECK(x.grant() == 0);
  x.consumed(1);
  CHECK(x.grant() == 1);
}

TEST_CASE("a receive window with a limit grants no more than that",
          "[output][protocol]") {
  receive_window x{100};
  x.consumed(100);
  CHECK(x.grant(0) == 0);
  CHECK(x.grant(10) == 10);
  CHECK(x.grant(10) == 0);
  CHECK(x.grant(12) == 0);
  CHECK(x.grant(20) == 10);
  CHECK(x.grant(1000) == 80);
  x.consumed(30);
  CHECK(x.grant(70) == 0);
  CHECK(x.grant(90) == 0);
  CHECK(x.grant(95) == 25);
}

TEST_CASE("a sender never sends more than was granted", "[output][protocol]") {
  // The sender and the receiver of one stream; the receiver consumes in bursts.
  send_window sender{1000};
  receive_window receiver{1000};
  std::uint64_t under_way = 0;
  std::uint64_t total = 0;
  for (auto i = 0; i < 1000; ++i) {
    auto n = sender.available();
    sender.sent(n);
    under_way += n;
    total += n;
    CHECK(under_way <= 1000);
    auto consumed = under_way * (i % 7) / 7;
    under_way -= consumed;
    receiver.consumed(consumed);
    sender.acknowledged(receiver.grant());
  }
  CHECK(total > 100000);
}
