#include "helper_program.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>

using namespace procession;
using namespace procession::test;

namespace {

/// Returns the lines that tests/helpers/posix/become.cpp printed; empty if this
/// machine cannot run it.
std::vector<std::string> report_of(const std::string& how) {
  if (::getuid() != 0) {
    WARN("skipped here: only root becomes another user");
    return {};
  }
  helper_program helper{"test-become", {how}};
  std::vector<std::string> result;
  for (std::string line; helper.read_line(line);)
    result.push_back(line);
  auto code = helper.wait();
  if (code == 77) {
    WARN("skipped here: " << (result.empty() ? "" : result.back()));
    return {};
  }
  CHECK(code == 0);
  return result;
}

} // namespace

TEST_CASE("a program that is started as another user has no capability left",
          "[start]") {
  auto how = GENERATE("root", "ambient", "fixup", "keep");
  INFO(how);
  auto lines = report_of(how);
  if (lines.empty())
    return;
  auto has = [&](const std::string& line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  };
  CHECK(has("user 65534"));
  CHECK(has("CapInh:\t0000000000000000"));
  CHECK(has("CapPrm:\t0000000000000000"));
  CHECK(has("CapEff:\t0000000000000000"));
  CHECK(has("CapAmb:\t0000000000000000"));
  // The host needs CAP_SETPCAP to empty this one.
  CHECK((has("CapBnd:\t0000000000000000") || how == std::string{"ambient"}));
  CHECK(has("NoNewPrivs:\t1"));
  CHECK(has("root again: no"));
}

TEST_CASE("a program that is started as another user does not see the keys of "
          "the host's session",
          "[start]") {
  auto lines = report_of("keyring");
  if (lines.empty())
    return;
  CHECK(std::find(lines.begin(), lines.end(), "key: no") != lines.end());
}
