#include "theatre.hpp"

#include "procession/actors/expect.hpp"

#include <caf/actor_registry.hpp>

using namespace procession;
using namespace procession::test;

namespace {

struct expect_fixture {
  theatre t;
  peer user{t};
  session shell = user.spawn();
  expecter chat = make_expecter(t.sys, shell, user.address());

  expect_fixture() {
    t.run();
  }

  reply<expect_result> expect(std::vector<pattern> patterns,
                              caf::timespan timeout = 30s) {
    return user.ask<expect_result>(
      chat, expect_atom_v, expect_request{std::move(patterns), timeout});
  }

  void out(const char* bytes) {
    t.child().out(bytes);
    t.run();
  }
};

} // namespace

TEST_CASE_METHOD(expect_fixture, "an expecter answers with the first match",
                 "[client][text]") {
  auto got = expect({{"$ "}, {"# "}});
  CHECK(got.pending());
  out("welcome\n");
  CHECK(got.pending());
  out("#");
  out(" ");
  CHECK(got.value().pattern == 1);
  CHECK(got.value().text == "# ");
  CHECK(got.value().before == "welcome\n");
}

TEST_CASE_METHOD(expect_fixture, "an expecter looks at no byte twice",
                 "[client][text]") {
  out("a> b> ");
  CHECK(expect({{"> "}}).value().before == "a");
  CHECK(expect({{"> "}}).value().before == "b");
  auto third = expect({{"> "}});
  CHECK(third.pending());
  out("c> ");
  CHECK(third.value().before == "c");
}

TEST_CASE_METHOD(expect_fixture, "an expecter keeps each stream by itself",
                 "[client][text]") {
  auto got = expect({{"abc"}});
  out("a");
  t.child().err("bc, abc");
  t.run();
  CHECK(got.value().stream == stream_kind::err);
  CHECK(got.value().before == "bc, ");
}

TEST_CASE_METHOD(expect_fixture, "a deadline answers, and nothing is lost",
                 "[client][text]") {
  auto got = expect({{"ready"}}, 2s);
  out("almost rea");
  t.advance(1999ms);
  CHECK(got.pending());
  t.advance(1ms);
  CHECK(got.is(errc::deadline_passed));
  auto again = expect({{"ready"}}, 2s);
  out("dy");
  CHECK(again.value().before == "almost ");
  // The deadline of an answered request does not end a later one.
  auto next = expect({{"more"}}, 10s);
  t.advance(3s);
  CHECK(next.pending());
}

TEST_CASE_METHOD(expect_fixture,
                 "the end of the output answers a request that waits",
                 "[client][text]") {
  auto got = expect({{"never"}});
  out("last words");
  t.end();
  CHECK_FALSE(got.value().pattern);
  CHECK(got.value().before == "last words");
  CHECK_FALSE(expect({{"words"}}).value().pattern);
}

TEST_CASE_METHOD(expect_fixture,
                 "an expecter looks at the last output before the end",
                 "[client][text]") {
  out("one two");
  t.end();
  CHECK(expect({{"two"}}).value().before == "one ");
  CHECK_FALSE(expect({{"one"}}).value().pattern);
}

TEST_CASE_METHOD(expect_fixture,
                 "an expecter takes one request at a time, with valid patterns",
                 "[client]") {
  CHECK(expect({}).is(errc::invalid_argument));
  CHECK(expect({{"(", pattern::kind::regex}}).is(errc::invalid_argument));
  auto first = expect({{"x"}});
  CHECK(expect({{"y"}}).is(errc::busy));
  out("x");
  CHECK(first.value().pattern == 0);
}

TEST_CASE_METHOD(expect_fixture,
                 "an expecter acknowledges what it has looked at",
                 "[client][subscription]") {
  auto got = expect({{"end"}});
  auto total = std::size_t{0};
  while (total < 4 << 20) {
    auto n = std::min<std::uint64_t>(t.child().credit(), 64 * 1024);
    REQUIRE(n > 0);
    t.child().out(std::string(n, '.'));
    t.run();
    total += n;
  }
  out("end");
  CHECK(got.value().pattern == 0);
}

TEST_CASE_METHOD(expect_fixture, "a session waits while nothing is expected",
                 "[client][subscription]") {
  std::size_t total = 0;
  while (auto n = std::min<std::uint64_t>(t.child().credit(), 64 * 1024)) {
    t.child().out(std::string(n, '.'));
    t.run();
    total += n;
    REQUIRE(total < 16 << 20);
  }
  auto got = expect({{"end"}});
  CHECK(t.child().credit() > 0);
  out("end");
  CHECK(got.value().pattern == 0);
}

TEST_CASE_METHOD(expect_fixture, "a session that is gone answers a request",
                 "[client]") {
  auto got = expect({{"x"}});
  caf::anon_send_exit(shell, caf::exit_reason::kill);
  t.run();
  CHECK((got.is(errc::no_such_session) || !got.value().pattern));
  CHECK_FALSE(expect({{"x"}}).pending());
}

TEST_CASE_METHOD(expect_fixture,
                 "a request whose sender is gone keeps no other waiting",
                 "[client]") {
  peer asking{t};
  auto ask = [&](const char* text) {
    return asking.ask<expect_result>(chat, expect_atom_v,
                                     expect_request{{{text}}, 30s});
  };
  SECTION("while it waits") {
    CHECK(ask("x").pending());
    CHECK(expect({{"y"}}).is(errc::busy));
    asking.die();
    auto got = expect({{"y"}});
    CHECK(got.pending());
    out("xy");
    CHECK(got.value().before == "x");
  }
  SECTION("and after its answer it disturbs none") {
    auto first = ask("x");
    out("x");
    CHECK(first.value().pattern == 0);
    auto got = expect({{"y"}});
    asking.die();
    CHECK(got.pending());
    out("y");
    CHECK(got.value().pattern == 0);
  }
}

TEST_CASE_METHOD(expect_fixture, "an expecter ends with its owner",
                 "[client]") {
  peer asking{t};
  auto got = asking.ask<expect_result>(chat, expect_atom_v,
                                       expect_request{{{"x"}}, 30s});
  CHECK(got.pending());
  auto before = t.sys.registry().running();
  user.die();
  CHECK(t.sys.registry().running() < before - 1);
}
