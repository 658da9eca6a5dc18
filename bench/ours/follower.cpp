#include "follower.hpp"

namespace procession::bench {

listener follower::strict() {
  listener result;
  result.gap = [this](const gap&) { fail("output is missing"); };
  result.exited = [this](const exited& x) {
    if (!success(x.status))
      fail(to_string(x.status));
  };
  return result;
}

bool follower::expect_complete(const closed& x) {
  if (x.why != close_reason::complete)
    fail(to_string(x));
  return x.why == close_reason::complete;
}

bool follower::expect_bytes(std::uint64_t got, std::uint64_t expected) {
  if (got != expected)
    fail(std::to_string(got) + " bytes instead of " + std::to_string(expected));
  return got == expected;
}

void follower::fail(const std::string& what) {
  to_->fail(what);
  self_->quit();
}

void follower::fail(const caf::error& x) {
  fail(describe(x));
}

} // namespace procession::bench
