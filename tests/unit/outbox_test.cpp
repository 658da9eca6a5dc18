#include "procession/runner/channel/outbox.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <vector>

using namespace procession;

namespace {

/// Returns the frames of a batch, one per line: "1 ping", "2 output of 7: 5
/// bytes".
std::vector<std::string>
lines_of(std::span<const std::span<const std::byte>> x) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    REQUIRE(x[i].size() == frame_header_size);
    auto header = decode(std::span<const std::byte, frame_header_size>{x[i]});
    auto line = std::to_string(header.sequence) + " " + to_string(header.type);
    if (header.session != 0)
      line += " of " + std::to_string(header.session);
    if (header.length > 0) {
      REQUIRE(++i < x.size());
      REQUIRE(x[i].size() == header.length);
      line += ": " + std::to_string(header.length) + " bytes";
    }
    result.push_back(std::move(line));
  }
  return result;
}

std::vector<std::string> all_of(outbox& x) {
  std::vector<std::string> result;
  while (!x.empty())
    for (auto& line : lines_of(x.next_batch()))
      result.push_back(line);
  return result;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("control goes before data, whenever it was added", "[protocol]") {
  outbox x;
  x.add_to_lane(frame_type::output, 0, 7, "hello");
  x.add_control(frame_type::pong, 0, {});
  x.add_control(frame_type::spawned, 8, "abc");
  CHECK(
    all_of(x)
    == lines{"1 pong", "2 spawned of 8: 3 bytes", "3 output of 7: 5 bytes"});
  CHECK(x.empty());
  CHECK(x.next_batch().empty());
}

TEST_CASE("sessions take turns, and each keeps its order", "[protocol]") {
  outbox x;
  x.add_to_lane(frame_type::output, 0, 1, "a");
  x.add_to_lane(frame_type::output, 0, 1, "bb");
  x.add_to_lane(frame_type::exited, 0, 1, "ccc");
  x.add_to_lane(frame_type::output, 1, 2, "d");
  x.add_to_lane(frame_type::closed, 0, 3, {});
  CHECK(all_of(x)
        == lines{"1 output of 1: 1 bytes", "2 output of 2: 1 bytes",
                 "3 closed of 3", "4 output of 1: 2 bytes",
                 "5 exited of 1: 3 bytes"});
}

TEST_CASE("large data becomes frames that others can go between",
          "[protocol]") {
  outbox x;
  x.add_to_lane(frame_type::output, 0, 1,
                std::string(2 * max_data_body + 1, 'x'));
  x.add_to_lane(frame_type::output, 0, 2, "y");
  CHECK(all_of(x)
        == lines{"1 output of 1: 65536 bytes", "2 output of 2: 1 bytes",
                 "3 output of 1: 65536 bytes", "4 output of 1: 1 bytes"});
}

TEST_CASE("control waits for no more than a batch", "[protocol]") {
  outbox x;
  x.add_to_lane(frame_type::output, 0, 1, std::string(4 << 20, 'x'));
  auto bytes = std::size_t{0};
  for (auto& part : x.next_batch())
    bytes += part.size();
  CHECK(bytes < 512 << 10);
  x.add_control(frame_type::kill, 1, {});
  CHECK(lines_of(x.next_batch()).front().find("kill of 1")
        != std::string::npos);
}

TEST_CASE("dropped frames are not sent, and the numbers have no hole",
          "[protocol]") {
  outbox x;
  x.add_to_lane(frame_type::input, 0, 1, "a");
  x.add_to_lane(frame_type::input, 0, 2, "b");
  x.add_to_lane(frame_type::input, 0, 1, "c");
  x.drop_lane(1);
  x.drop_lane(4);
  x.add_to_lane(frame_type::input, 0, 1, "d");
  CHECK(all_of(x) == lines{"1 input of 2: 1 bytes", "2 input of 1: 1 bytes"});
}

TEST_CASE("nothing that waited comes after the last frame", "[protocol]") {
  outbox x;
  x.add_to_lane(frame_type::output, 0, 7, "hello");
  x.add_credit(frame_type::input_credit, 7, 100);
  x.add_control(frame_type::closed, 8, {});
  x.drop_all_but_control();
  x.add_control(frame_type::goodbye, 0, "abc");
  CHECK(all_of(x) == lines{"1 closed of 8", "2 goodbye: 3 bytes"});
}

TEST_CASE("credit adds up, and goes after control but before data",
          "[protocol]") {
  outbox x;
  x.add_to_lane(frame_type::closed, 0, 1, {});
  x.add_credit(frame_type::input_credit, 1, 10);
  x.add_credit(frame_type::input_credit, 2, 5);
  x.add_credit(frame_type::input_credit, 1, 10);
  x.add_control(frame_type::pong, 0, {});
  CHECK(all_of(x)
        == lines{"1 pong", "2 input_credit of 1: 8 bytes",
                 "3 input_credit of 2: 8 bytes", "4 closed of 1"});
}

TEST_CASE("credit stays before the control that its session sends later",
          "[protocol]") {
  outbox x;
  x.add_control(frame_type::spawned, 1, {});
  x.add_credit(frame_type::input_credit, 1, 10);
  x.add_credit(frame_type::input_credit, 2, 10);
  x.add_control(frame_type::input_broken, 1, {});
  CHECK(all_of(x)
        == lines{"1 spawned of 1", "2 input_credit of 1: 8 bytes",
                 "3 input_broken of 1", "4 input_credit of 2: 8 bytes"});
}
