#include "procession/runner/channel/protocol.hpp"

#include <catch2/catch.hpp>

using namespace procession;

namespace {

std::span<const std::byte> bytes_of(const std::string& x) {
  return std::as_bytes(std::span{x});
}

/// Encodes and decodes a body; checks that every cut of it, and one byte more,
/// is refused.
template <class T>
T there_and_back(const T& x) {
  auto bytes = protocol::encode(x);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_FALSE(protocol::decode<T>(bytes_of(bytes).first(n)));
  CHECK_FALSE(protocol::decode<T>(bytes_of(bytes + '\0')));
  auto result = protocol::decode<T>(bytes_of(bytes));
  REQUIRE(result);
  CHECK(protocol::encode(*result) == bytes);
  return std::move(*result);
}

template <class T>
bool refused(const T& x) {
  return !protocol::decode<T>(bytes_of(protocol::encode(x)));
}

protocol::exited by(exit_cause cause, std::int32_t signal) {
  protocol::exited result;
  result.status.cause = cause;
  result.status.signal = signal;
  return result;
}

} // namespace

TEST_CASE("bodies arrive as they were sent, whole or not at all",
          "[protocol]") {
  protocol::hello hello;
  hello.nonce = "secret";
  hello.pid = 4711;
  hello.user = "someone";
  CHECK(there_and_back(hello).nonce == "secret");
  protocol::spawn spawn;
  spawn.spec.program = "make";
  spawn.spec.args = {"-j8", ""};
  spawn.spec.env.set = {{"A", "1"}, {"B", ""}};
  spawn.spec.stdio = pty({30, 100});
  spawn.credit = 1 << 18;
  CHECK(there_and_back(spawn).spec == spawn.spec);
  CHECK(there_and_back(protocol::credit{77}).bytes == 77);
  CHECK(there_and_back(protocol::spawned{12, containment_kind::cgroup}).pid
        == 12);
  CHECK(there_and_back(protocol::resize{5, {30, 100}}).request == 5);
  CHECK(there_and_back(protocol::signal{6, signal_name::quit}).name
        == signal_name::quit);
  auto why = failure{errc::stdin_closed, {stage::run, 32, "nobody reads it"}};
  CHECK(there_and_back(protocol::failed{why}).why.detail.text
        == "nobody reads it");
  CHECK_FALSE(there_and_back(protocol::answered{9, false, why}).done);
  CHECK(there_and_back(by(exit_cause::signaled, 9)).status.signal == 9);
  CHECK(there_and_back(protocol::closed{true}).drained);
  CHECK(there_and_back(protocol::closed{true, {3, 4}}).rest == leftovers{3, 4});
  CHECK(there_and_back(protocol::terminate{signal_name::hangup}).by
        == signal_name::hangup);
  CHECK(there_and_back(protocol::stopped{20}).signal == 20);
  auto refused = there_and_back(protocol::input_refused{5000, why});
  CHECK(refused.bytes == 5000);
  CHECK(refused.why.code == errc::stdin_closed);
}

TEST_CASE("values that no honest sender sends are refused", "[protocol]") {
  CHECK(refused(protocol::credit{0}));
  CHECK(refused(protocol::spawned{0, containment_kind::cgroup}));
  CHECK(refused(protocol::spawned{1, static_cast<containment_kind>(99)}));
  CHECK(refused(protocol::resize{1, {0, 80}}));
  CHECK(refused(protocol::signal{1, static_cast<signal_name>(99)}));
  CHECK(refused(protocol::terminate{static_cast<signal_name>(99)}));
  CHECK(refused(protocol::stopped{0}));
  CHECK(refused(protocol::stopped{128}));
  CHECK(refused(protocol::input_refused{0, {errc::line_too_long, {}}}));
  CHECK(refused(protocol::failed{{static_cast<errc>(0), {}}}));
  CHECK(refused(protocol::failed{{static_cast<errc>(255), {}}}));
  CHECK(refused(by(exit_cause::runner_lost, 0)));
  CHECK(refused(by(exit_cause::start_failed, 0)));
  CHECK(refused(by(exit_cause::signaled, 0)));
  CHECK(refused(by(exit_cause::exited, 9)));
  CHECK(refused(by(exit_cause::unknown, 9)));
  CHECK_FALSE(refused(by(exit_cause::unknown, 0)));
  protocol::spawn spawn;
  CHECK(refused(spawn));
  spawn.spec.program = "cat";
  CHECK_FALSE(refused(spawn));
  spawn.spec.stdio.kind = static_cast<stdio_kind>(9);
  CHECK(refused(spawn));
}

TEST_CASE("texts of the other side cannot play with a terminal", "[protocol]") {
  auto text = std::string{"bad \033[2J\n\u009b2J\x9b"}
              + std::string(10'000, 'x');
  auto bytes = protocol::encode(
    protocol::failed{{errc::spawn_failed, {stage::exec, 2, text}}});
  auto result = protocol::decode<protocol::failed>(bytes_of(bytes));
  REQUIRE(result);
  // A character of two bytes was replaced by one byte.
  CHECK(result->why.detail.text.size() == 4095);
  CHECK(result->why.detail.text.substr(0, 14) == "bad ?[2J??2J?x");
}
