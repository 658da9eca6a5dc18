#include "theatre.hpp"

#include "procession/actors/common/actor_timer.hpp"

#include <caf/actor_registry.hpp>

#include <map>

using namespace procession;
using namespace procession::test;

namespace {

command named(session_id id) {
  auto result = cat();
  result.id = std::move(id);
  return result;
}

reply<session> find(theatre& t, peer& who, session_id id) {
  return who.ask<session>(t.where, find_atom_v, std::move(id));
}

std::vector<session_info> list(theatre& t, peer& who) {
  return who.ask<std::vector<session_info>>(t.where, list_atom_v).value();
}

lines ids(const std::vector<session_info>& xs) {
  lines result;
  for (auto& x : xs)
    result.push_back(x.id);
  return result;
}

} // namespace

TEST_CASE("the spawner gives ids that no session has", "[spawner]") {
  theatre t;
  peer owner{t};
  owner.spawn(named("s1"));
  owner.spawn(named("s3"));
  owner.spawn();
  owner.spawn();
  CHECK(t.child(2).spec().id == "s2");
  CHECK(t.child(3).spec().id == "s4");
}

TEST_CASE("a session is found by its id", "[spawner]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn(named("mine"));
  CHECK(find(t, owner, "mine").value() == hdl);
  CHECK(find(t, owner, "yours").is(errc::no_such_session));
  t.end(0);
  CHECK(find(t, owner, "mine").value() == hdl);
  t.advance(cat().limits.retention);
  CHECK(find(t, owner, "mine").is(errc::no_such_session));
}

TEST_CASE("an id is had by one session at a time", "[spawner]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn(named("mine"));
  auto again = owner.begin(named("mine"));
  CHECK(again.is(errc::duplicate_session));
  CHECK(detail_of(again.error()).at == stage::admit);
  CHECK(t.children() == 1);
  t.child(0).exited();
  t.run();
  CHECK(owner.begin(named("mine")).is(errc::duplicate_session));
  t.child(0).both_ended();
  t.child(0).finished();
  t.run();
  owner.spawn(named("mine"));
  CHECK(t.children() == 2);
}

TEST_CASE("a closed session gives its name to the next one", "[spawner]") {
  theatre t;
  peer owner{t};
  auto first = owner.spawn(named("mine"));
  peer viewer{t};
  subscription terms;
  terms.window = 1;
  viewer.subscribe(first, terms);
  t.child(0).out("abc");
  t.end(0);
  auto second = owner.spawn(named("mine"));
  SECTION("and is not found or listed any more") {
    CHECK(find(t, owner, "mine").value() == second);
    CHECK(list(t, owner).size() == 1);
  }
  SECTION("though its subscriber still gets its end") {
    viewer.acknowledge_always();
    viewer.ack(first, 1);
    CHECK(viewer.out() == "abc");
    CHECK(viewer.done());
  }
  SECTION("though what it retains can still be read by its handle") {
    auto read = owner.ask<page>(first, read_atom_v, cursor{}, std::uint64_t{9},
                                caf::timespan{0});
    REQUIRE(read.value().outputs.size() == 1);
    CHECK(read.value().outputs.front().bytes.text() == "abc");
    t.advance(cat().limits.retention);
    viewer.acknowledge_always();
    viewer.ack(first, 1);
    CHECK(viewer.done());
  }
  SECTION("and the new one is untouched by what becomes of the old") {
    t.advance(cat().limits.retention);
    CHECK(find(t, owner, "mine").value() == second);
    CHECK(owner.info(second).state == session_state::running);
    CHECK(owner.begin(named("mine")).is(errc::duplicate_session));
  }
}

TEST_CASE(
  "a session beyond the limit is refused, and the others are left alone",
  "[spawner][limits]") {
  theatre t{{2, 256}};
  peer owner{t};
  auto first = owner.spawn();
  owner.begin();
  auto refused = owner.begin();
  CHECK(refused.is(errc::session_limit));
  CHECK(detail_of(refused.error()).at == stage::admit);
  CHECK(t.children() == 2);
  CHECK(owner.info(first).state == session_state::running);

  SECTION("until one is closed, not only exited") {
    t.child(0).exited();
    t.run();
    CHECK(owner.begin().is(errc::session_limit));
    t.child(0).both_ended();
    t.child(0).finished();
    t.run();
    owner.spawn();
    CHECK(owner.begin().is(errc::session_limit));
  }
  SECTION("until one fails to start") {
    t.child(1).start_failed(errc::program_not_found, stage::resolve);
    t.run();
    owner.spawn();
    CHECK(owner.begin().is(errc::session_limit));
  }
  SECTION("until one is gone altogether") {
    caf::anon_send_exit(first, caf::exit_reason::kill);
    t.run();
    CHECK(t.child(0).destroyed());
    owner.spawn();
    CHECK(owner.begin().is(errc::session_limit));
  }
}

TEST_CASE("the list tells of all sessions, the oldest first", "[spawner]") {
  theatre t;
  peer owner{t};
  CHECK(list(t, owner).empty());
  for (auto id : {"d", "c", "b", "a"})
    owner.begin(named(id));
  t.child(1).started(11);
  t.run();
  t.child(1).out("abc");
  t.child(1).err("de");
  t.child(2).started(12);
  t.child(2).exited(exit_code(4));
  t.child(3).start_failed(errc::program_not_found, stage::resolve);
  t.run();
  auto all = list(t, owner);
  REQUIRE(ids(all) == lines{"d", "c", "b", "a"});
  CHECK(all[0].state == session_state::starting);
  CHECK(all[0].last_output == caf::timestamp{});
  CHECK(all[1].state == session_state::running);
  CHECK(all[1].pid == 11);
  CHECK(all[1].spec == named("c"));
  CHECK(all[1].produced == cursor{3, 2});
  CHECK(all[1].retained == 5);
  CHECK(all[1].last_output >= all[1].started);
  CHECK(all[1].started >= all[0].started);
  CHECK(all[2].state == session_state::exited);
  CHECK(all[2].status.code == 4);
  CHECK(all[3].state == session_state::closed);
  CHECK_FALSE(all[3].start_error.empty());
}

TEST_CASE("the list leaves out a session that goes meanwhile", "[spawner]") {
  theatre t;
  peer owner{t};
  auto first = owner.spawn(named("first"));
  owner.spawn(named("second"));
  auto listed = owner.post<std::vector<session_info>>(t.where, list_atom_v);
  caf::anon_send_exit(first, caf::exit_reason::kill);
  t.run();
  CHECK(ids(listed.value()) == lines{"second"});
  caf::anon_send_exit(find(t, owner, "second").value(), caf::exit_reason::kill);
  t.run();
  CHECK(list(t, owner).empty());
}

TEST_CASE("the session closed first goes when too many are retained",
          "[spawner]") {
  theatre t{{10, 2}};
  peer owner{t};
  for (auto id : {"a", "b", "c", "d"})
    owner.spawn(named(id));

  SECTION("when they close one by one") {
    t.end(1);
    t.end(0);
    CHECK(ids(list(t, owner)) == lines{"a", "b", "c", "d"});
    t.end(3);
    CHECK(ids(list(t, owner)) == lines{"a", "c", "d"});
    t.end(2);
    CHECK(ids(list(t, owner)) == lines{"c", "d"});
  }
  SECTION("when they close all at once") {
    for (auto i = 0u; i < 4; ++i) {
      t.child(i).both_ended();
      t.child(i).exited();
      t.child(i).finished();
    }
    t.run();
    CHECK(ids(list(t, owner)) == lines{"c", "d"});
  }
  SECTION("when somebody still listens to the first of them") {
    subscription terms;
    terms.window = 1;
    owner.subscribe(find(t, owner, "a").value(), terms);
    t.child(0).out("xyz");
    t.run();
    for (auto i = 0u; i < 4; ++i)
      t.end(i);
    // The listener may still read it, but it does not keep others beyond the
    // limit.
    CHECK(ids(list(t, owner)) == lines{"a", "c", "d"});
  }
}

TEST_CASE("a retention of zero keeps nothing", "[spawner]") {
  theatre t;
  peer owner{t};
  auto spec = named("short");
  spec.limits.retention = 0s;
  auto hdl = owner.spawn(spec);
  owner.subscribe(hdl);
  t.child().out("abc");
  t.end(0);
  CHECK(owner.take_events()
        == lines{"1 out@0 abc", "2 exited exit code 0", "3 closed complete"});
  CHECK(find(t, owner, "short").is(errc::no_such_session));
  CHECK(list(t, owner).empty());
}

TEST_CASE("a bad command is refused before a child is made",
          "[spawner][start]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  SECTION("no program") {
    spec.program = "";
  }
  SECTION("a NUL byte") {
    spec.args = {std::string("a\0b", 3)};
  }
  SECTION("a terminal of no size") {
    spec.stdio = pty({0, 80});
  }
  SECTION("an absurd limit") {
    spec.limits.retained = max_bytes_limit + 1;
  }
  auto made = owner.begin(spec);
  CHECK(made.is(errc::invalid_argument));
  CHECK(detail_of(made.error()).at == stage::validate);
  CHECK(t.children() == 0);
  CHECK(list(t, owner).empty());
}

TEST_CASE("an anonymous spawn makes a session of the spawner's", "[spawner]") {
  theatre t;
  peer owner{t};
  caf::anon_send(t.where, spawn_atom_v, named("nobody's"));
  t.run();
  t.child().started();
  t.run();
  auto hdl = find(t, owner, "nobody's").value();
  CHECK(owner.info(hdl).state == session_state::running);
  CHECK(t.child().take_calls() == lines{"start"});
}

TEST_CASE("a thousand sessions at once do not mix", "[spawner]") {
  theatre t;
  peer owner{t};
  std::map<session_id, session> all;
  for (auto i = 0u; i < 1000; ++i) {
    auto hdl = owner.spawn();
    all.emplace(t.child(i).spec().id, hdl);
    t.child(i).out(t.child(i).spec().id);
  }
  t.run();
  CHECK(all.size() == 1000);
  for (auto& [id, hdl] : all) {
    auto read = owner.ask<page>(hdl, read_atom_v, cursor{}, std::uint64_t{99},
                                caf::timespan{0});
    REQUIRE(read.value().outputs.size() == 1);
    CHECK(read.value().outputs[0].bytes.text() == id);
  }
}

TEST_CASE("an actor may be gone before its timer begins",
          "[spawner][reactor]") {
  theatre t;
  t.run();
  auto before = t.sys.registry().running();
  t.sys.spawn([](caf::event_based_actor* self) { actor_timer{}.attach(self); });
  t.run();
  CHECK(t.sys.registry().running() == before);
}

TEST_CASE("a spawner ends all its sessions on request", "[spawner][ending]") {
  theatre t;
  peer owner{t};
  auto spec = named("patient");
  spec.kill.grace = 9s;
  owner.spawn(spec);
  owner.spawn(named("second"));
  auto over = owner.spawn(named("over"));
  t.end(2);

  SECTION("each with the grace of its command") {
    auto all = owner.ask<caf::unit_t>(t.where, terminate_atom_v);
    CHECK(t.child(0).take_calls() == lines{"terminate"});
    CHECK(t.child(1).take_calls() == lines{"terminate"});
    CHECK(t.child(2).take_calls() == lines{"destroyed"});
    t.end(1);
    CHECK(all.pending());
    t.advance(8999ms);
    CHECK(t.child(0).take_calls() == lines{});
    t.advance(1ms);
    CHECK(t.child(0).take_calls() == lines{"kill"});
    t.child(0).exited(by_signal(9));
    t.run();
    // The session is not closed yet.
    CHECK(all.pending());
    t.child(0).both_ended();
    t.child(0).finished();
    t.run();
    all.value();
  }
  SECTION("all with the same grace, if that is asked for") {
    auto all = owner.ask<caf::unit_t>(t.where, terminate_atom_v,
                                      caf::timespan{0});
    CHECK(t.child(0).take_calls() == lines{"kill"});
    CHECK(t.child(1).take_calls() == lines{"kill"});
    t.end(0);
    t.end(1);
    all.value();
  }
  SECTION("those that start meanwhile are not meant") {
    auto all = owner.ask<caf::unit_t>(t.where, terminate_atom_v);
    owner.spawn(named("later"));
    t.end(0);
    t.end(1);
    all.value();
    CHECK(t.child(3).take_calls() == lines{});
  }
  SECTION("a session that is killed as an actor counts as ended") {
    auto all = owner.ask<caf::unit_t>(t.where, terminate_atom_v);
    for (auto* name : {"patient", "second"})
      caf::anon_send_exit(find(t, owner, name).value(), caf::exit_reason::kill);
    t.run();
    all.value();
  }
  SECTION("and who waits is told when the spawner goes instead") {
    auto all = owner.ask<caf::unit_t>(t.where, terminate_atom_v);
    caf::anon_send_exit(t.where, caf::exit_reason::user_shutdown);
    t.run();
    CHECK(all.is(errc::runtime_stopped));
  }
}

TEST_CASE("a spawner without sessions has ended them all",
          "[spawner][ending]") {
  theatre t;
  peer owner{t};
  owner.ask<caf::unit_t>(t.where, terminate_atom_v).value();
}
