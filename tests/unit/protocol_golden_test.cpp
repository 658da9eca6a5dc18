// The bytes of the runner protocol's bodies are fixed, so that a parent and a
// runner built with different versions of CAF understand each other.
#include "full_values.hpp"

#include "procession/runner/channel/protocol.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace procession;
using namespace procession::test;

namespace {

failure golden_failure() {
  return {errc::not_executable, {stage::exec, 8, "not a program"}};
}

command golden_command() {
  auto x = full_command();
  x.id = "s1";
  x.restricted = {{"S-1-5-32-545"}};
  x.notification_fd = 3;
  return x;
}

exit_status golden_status() {
  auto x = full_status();
  x.code = 0x01020304;
  x.signal = 9;
  x.peak_memory = 1 << 20;
  return x;
}

std::string in_hex(const std::string& bytes) {
  std::string result;
  for (auto c : bytes)
    for (auto digit : {(c >> 4) & 15, c & 15})
      result += "0123456789abcdef"[digit];
  return result;
}

/// Returns whether the bytes decode to a body that encodes to the same bytes.
template <class T>
bool comes_back(const std::string& bytes) {
  auto body = protocol::decode<T>(std::as_bytes(std::span{bytes}));
  return body && protocol::encode(*body) == bytes;
}

} // namespace

TEST_CASE("the bodies of the protocol have the same bytes for ever",
          "[protocol]") {
  auto check = [](const auto& body, const std::string& expected) {
    auto bytes = protocol::encode(body);
    CHECK(in_hex(bytes) == expected);
    CHECK(comes_back<std::decay_t<decltype(body)>>(bytes));
  };
  using namespace protocol;
  SECTION("hello") {
    check(hello{4, 0x0102030405060708, "secret", 4711, "nobody"},
          "000000040102030405060708067365637265740000000000001267066e6f626f"
          "6479");
  }
  SECTION("goodbye") {
    check(goodbye{golden_failure()},
          "030a000000080d6e6f7420612070726f6772616d");
  }
  SECTION("spawn") {
    check(spawn{golden_command(), 1 << 20},
          "092f62696e2f70726f670301610003622063047a65726f042f746d7000020141"
          "013101420001014300001e006400000000000000000b000000000000000c0000"
          "000306dc42000000000342770c00000000037e11d60000000003b9aca0000000"
          "0003f5476a00010101027331010c532d312d352d33322d353435000000030100"
          "00000000100000");
  }
  SECTION("a plain spawn") {
    spawn x;
    x.spec.program = "true";
    x.credit = 1;
    check(x, "0474727565000000010000010018005000000000000010000000000000001000"
             "00000000000000000000000006fc23ac00000000012a05f20000000000773594"
             "00000000001dcd6500000000000000000000000000000000000001");
  }
  SECTION("resize") {
    check(resize{5, {24, 80}}, "000000000000000500180050");
  }
  SECTION("signal") {
    check(protocol::signal{6, signal_name::quit}, "000000000000000602");
  }
  SECTION("terminate") {
    check(terminate{signal_name::hangup}, "01");
  }
  SECTION("credit") {
    check(credit{300}, "000000000000012c");
  }
  SECTION("spawned") {
    check(spawned{4711, containment_kind::cgroup}, "000000000000126701");
  }
  SECTION("failed") {
    check(failed{golden_failure()}, "030a000000080d6e6f7420612070726f6772616d");
  }
  SECTION("answered") {
    check(answered{7, false, golden_failure()},
          "000000000000000700030a000000080d6e6f7420612070726f6772616d");
  }
  SECTION("input_refused") {
    check(input_refused{8, golden_failure()},
          "0000000000000008030a000000080d6e6f7420612070726f6772616d");
  }
  SECTION("stopped") {
    check(protocol::stopped{20}, "00000014");
  }
  SECTION("exited") {
    check(protocol::exited{golden_status(), true},
          "010102030400000009010101000000003b9aca0000000000001e848000000000"
          "0010000001");
  }
  SECTION("closed") {
    check(protocol::closed{true, {3, 1}}, "0100000000000000030000000000000001");
  }
}
