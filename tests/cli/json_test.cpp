#include "cli.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <sstream>

using namespace procession;
using namespace procession::test;
using nlohmann::json;

namespace {

std::vector<json> parse(const std::string& text) {
  std::vector<json> result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    result.push_back(json::parse(line));
  return result;
}

/// Decodes with a table and bits, not by turning the encoder around.
std::string from_base64(const std::string& text) {
  std::map<char, unsigned> value;
  for (auto c = 'A'; c <= 'Z'; ++c)
    value.emplace(c, value.size());
  for (auto c = 'a'; c <= 'z'; ++c)
    value.emplace(c, value.size());
  for (auto c = '0'; c <= '9'; ++c)
    value.emplace(c, value.size());
  value.emplace('+', 62);
  value.emplace('/', 63);
  REQUIRE(text.size() % 4 == 0);
  std::string result;
  unsigned bits = 0;
  unsigned count = 0;
  for (auto c : text) {
    if (c == '=')
      break;
    bits = bits << 6 | value.at(c);
    count += 6;
    if (count >= 8) {
      count -= 8;
      result += static_cast<char>(bits >> count & 255);
    }
  }
  return result;
}

std::map<std::string, std::string> streams(const std::vector<json>& events) {
  std::map<std::string, std::string> result;
  for (auto& x : events)
    if (x["event"] == "output") {
      auto& text = result[x["stream"]];
      CHECK(x["offset"] == text.size());
      text += from_base64(x["bytes"]);
    }
  return result;
}

} // namespace

TEST_CASE("json prints every event of the session, in order",
          "[command-line][output]") {
  shell sh;
  auto result = sh.cli(
    {"run", "--json", "--", "sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(shell_code(result.status) == 3);
  CHECK(result.err.empty());
  auto events = parse(result.out);
  REQUIRE(events.size() == 5);
  CHECK(events[0]["event"] == "started");
  CHECK(events[0]["pid"] > 0);
  CHECK(events[0]["program"] == "sh");
  CHECK(events[0]["args"].size() == 2);
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i]["seq"] == i + 1);
    CHECK(events[i]["session"] == events[0]["session"]);
  }
  auto text = streams(events);
  CHECK(text["out"] == "out\n");
  CHECK(text["err"] == "err\n");
  auto exited = std::find_if(events.begin(), events.end(),
                             [](auto& x) { return x["event"] == "exited"; });
  REQUIRE(exited != events.end());
  CHECK((*exited)["cause"] == "exited");
  CHECK((*exited)["code"] == 3);
  CHECK((*exited)["timed_out"] == false);
  CHECK(events.back()["event"] == "closed");
  CHECK(events.back()["complete"] == true);
  CHECK(events.back()["ended"] == 0);
  CHECK(events.back()["surviving"] == 0);
}

TEST_CASE("json tells when every event came", "[command-line][output]") {
  shell sh;
  auto program = GENERATE(as<std::string>{}, "true", "no-such-program");
  auto events = parse(sh.cli({"run", "--json", "--", program}).out);
  REQUIRE_FALSE(events.empty());
  std::int64_t last = 0;
  for (auto& x : events) {
    CHECK(x["elapsed_us"] >= last);
    last = x["elapsed_us"];
    CHECK(x.contains("time") == (&x == &events.front()));
  }
  CHECK_THAT(events[0]["time"].get<std::string>(),
             Catch::Matches("20\\d\\d-[01]\\d-[0-3]\\dT[0-2]\\d:[0-5]\\d:"
                            "[0-6]\\d\\.\\d{6}Z"));
}

TEST_CASE("json keeps every byte, whatever it is", "[command-line][output]") {
  shell sh;
  std::string all;
  for (auto i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  auto data = std::string{};
  while (data.size() < 300'000)
    data += all;
  // All three remainders of the length by three.
  data.resize(data.size() - GENERATE(0u, 1u, 2u));
  auto result = sh.cli({"run", "--json", "--", "cat"}, shared_bytes{data});
  CHECK(shell_code(result.status) == 0);
  CHECK((streams(parse(result.out))["out"] == data));
}

TEST_CASE("json tells how the program ended", "[command-line][ending]") {
  shell sh;
  auto killed = parse(
    sh.cli({"run", "--json", "--", "sh", "-c", "kill -KILL $$"}).out);
  REQUIRE(killed.size() == 3);
  CHECK(killed[1]["cause"] == "signaled");
  CHECK(killed[1]["signal"] == 9);
  CHECK(killed[1]["shell_code"] == 137);
  auto slow = parse(
    sh.cli({"run", "--json", "--timeout", "0.1", "--", "sleep", "100"}).out);
  REQUIRE(slow.size() == 3);
  CHECK(slow[1]["timed_out"] == true);
}

TEST_CASE("json tells why the program did not start", "[command-line][start]") {
  shell sh;
  auto result = sh.cli({"run", "--json", "--", "no-such-program"});
  CHECK(shell_code(result.status) == 127);
  auto events = parse(result.out);
  REQUIRE(events.size() == 1);
  CHECK(events[0]["event"] == "start_failed");
  CHECK(events[0]["code"] == "program_not_found");
  CHECK(events[0]["text"].get<std::string>().find("no-such-program")
        != std::string::npos);
}

TEST_CASE("json lines are lines of JSON even if names are not UTF-8",
          "[command-line][output]") {
  shell sh;
  auto result = sh.cli({"run", "--json", "--", "true", "\xff\xfe"});
  CHECK(shell_code(result.status) == 0);
  CHECK(parse(result.out).size() == 3);
}
