// Compares docs/protocol.md with the code: the author of a runner has only that
// page.
#include "procession/runner/channel/frame.hpp"
#include "procession/runner/channel/protocol.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

using namespace procession;

namespace {

std::string read_page() {
  auto root = std::filesystem::path{__FILE__}.parent_path() / "../..";
  std::ifstream in{root / "docs/protocol.md"};
  std::ostringstream text;
  text << in.rdbuf();
  REQUIRE(!text.str().empty());
  return text.str();
}

/// Returns whether a table of the page has the number beside the name.
bool lists(const std::string& page, int number, const std::string& name) {
  return std::regex_search(page, std::regex{"\\| *" + std::to_string(number)
                                            + " *\\| *`?" + name + "`? *\\|"});
}

struct spoken {
  /// "runner: hello"
  std::string head;
  std::string bytes;
};

/// Reads the conversation at the end of the page.
std::vector<spoken> read_conversation(const std::string& page) {
  std::vector<spoken> result;
  auto begin = page.find("```hex\n");
  REQUIRE(begin != std::string::npos);
  std::istringstream lines{page.substr(begin + 7)};
  for (std::string line; std::getline(lines, line) && line != "```";) {
    if (line.starts_with("; ")) {
      result.push_back({line.substr(2), {}});
      continue;
    }
    auto digits = line.substr(0, line.find(';'));
    std::erase(digits, ' ');
    REQUIRE(digits.size() % 2 == 0);
    for (std::size_t i = 0; i < digits.size(); i += 2)
      result.back().bytes += static_cast<char>(
        std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return result;
}

/// Decodes a body and encodes it again.
template <class T>
T check_body(std::span<const std::byte> bytes) {
  auto body = protocol::decode<T>(bytes);
  REQUIRE(body);
  auto again = protocol::encode(*body);
  CHECK(std::ranges::equal(std::as_bytes(std::span{again}), bytes));
  return *body;
}

void check(const frame& x) {
  switch (x.header().type) {
    case frame_type::hello:
      CHECK(check_body<protocol::hello>(x.body()).version == protocol_version);
      return;
    case frame_type::spawn: {
      auto body = check_body<protocol::spawn>(x.body());
      command spec;
      spec.program = "echo";
      spec.args = {"hi"};
      spec.stdio = pipes(stdin_kind::null);
      spec.id = "s1";
      CHECK(body.spec == spec);
      CHECK(body.credit == 256 * 1024);
      return;
    }
    case frame_type::spawned:
      CHECK(check_body<protocol::spawned>(x.body()).pid == 18241);
      return;
    case frame_type::output:
      CHECK(x.header().flags == 0);
      CHECK(x.body().size() == 3);
      return;
    case frame_type::exited:
      CHECK(check_body<protocol::exited>(x.body()).drained);
      return;
    case frame_type::closed:
      CHECK(check_body<protocol::closed>(x.body()).drained);
      CHECK(check_body<protocol::closed>(x.body()).rest == leftovers{});
      return;
    case frame_type::goodbye:
      CHECK(check_body<protocol::goodbye>(x.body()).why.code
            == errc::runner_lost);
      return;
    default:
      FAIL("no such frame is in the conversation");
  }
}

} // namespace

TEST_CASE("the page has the numbers of all frames and enumerations",
          "[protocol]") {
  auto page = read_page();
  for (auto i = 0; i < 256; ++i) {
    auto name = to_string(static_cast<frame_type>(i));
    CAPTURE(i, name);
    if (name.find(' ') == std::string::npos)
      CHECK(lists(page, i, name));
  }
  for (auto i = 1; i <= static_cast<int>(last_errc); ++i) {
    auto name = to_string(static_cast<errc>(i));
    CAPTURE(i, name);
    CHECK(lists(page, i, name));
  }
  for (auto i = 0; i <= static_cast<int>(last_stage); ++i) {
    auto name = to_string(static_cast<stage>(i));
    CAPTURE(i, name);
    CHECK(lists(page, i, name));
  }
  for (auto i = 0; i <= static_cast<int>(last_signal_name); ++i) {
    auto entry = std::to_string(i) + ' '
                 + to_string(static_cast<signal_name>(i));
    CAPTURE(entry);
    CHECK(page.find(entry) != std::string::npos);
  }
}

TEST_CASE("the conversation of the page is what we speak", "[protocol]") {
  auto conversation = read_conversation(read_page());
  REQUIRE(conversation.size() == 8);
  frame_decoder runner;
  frame_decoder parent;
  for (auto& x : conversation) {
    CAPTURE(x.head);
    auto from_runner = x.head.starts_with("runner: ");
    auto frames = 0;
    auto bad = (from_runner ? runner : parent)
                 .feed(
                   std::as_bytes(std::span{x.bytes}),
                   [&](frame& y) {
                     ++frames;
                     CHECK(x.head.ends_with(": " + to_string(y.header().type)));
                     check(y);
                   },
                   [] { return true; });
    CHECK(!bad);
    CHECK(frames == 1);
  }
  CHECK_FALSE(runner.at_end());
  CHECK_FALSE(parent.at_end());
}
