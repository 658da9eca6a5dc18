#include "theatre.hpp"

using namespace procession;
using namespace procession::test;

namespace {

reply<std::uint64_t> write(peer& who, const session& to, shared_bytes bytes) {
  return who.ask<std::uint64_t>(to, write_atom_v, std::move(bytes));
}

} // namespace

TEST_CASE("writes are answered in order, each once all of it was taken",
          "[input]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto abc = write(owner, hdl, "abc");
  auto de = write(owner, hdl, "de");
  auto f = write(owner, hdl, "f");
  CHECK(t.child().take_calls() == lines{"write abc", "write de", "write f"});
  CHECK(owner.info(hdl).queued_stdin == 6);
  t.child().stdin_taken(2);
  t.run();
  CHECK(abc.pending());
  t.child().stdin_taken(2);
  t.run();
  CHECK(abc.value() == 3);
  CHECK(de.pending());
  CHECK(owner.info(hdl).queued_stdin == 2);
  CHECK(owner.info(hdl).consumed_stdin == 4);
  t.child().stdin_taken(2);
  t.run();
  CHECK(de.value() == 2);
  CHECK(f.value() == 1);
  CHECK(owner.info(hdl).queued_stdin == 0);
  CHECK(owner.info(hdl).consumed_stdin == 6);
}

TEST_CASE("a write of nothing is answered at once", "[input]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  CHECK(write(owner, hdl, "").value() == 0);
  CHECK(t.child().take_calls() == lines{});
}

TEST_CASE("a write that does not fit is refused whole", "[input]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.stdin_queue = 4;
  auto hdl = owner.spawn(spec);
  auto abc = write(owner, hdl, "abc");
  CHECK(write(owner, hdl, "de").is(errc::stdin_full));
  CHECK(t.child().take_calls() == lines{"write abc"});
  CHECK(owner.info(hdl).queued_stdin == 3);

  SECTION("while a smaller one still fits") {
    auto d = write(owner, hdl, "d");
    CHECK(d.pending());
    CHECK(t.child().take_calls() == lines{"write d"});
    CHECK(write(owner, hdl, "e").is(errc::stdin_full));
  }
  SECTION("until the child took some") {
    t.child().stdin_taken(1);
    t.run();
    CHECK(abc.pending());
    CHECK(write(owner, hdl, "de").pending());
  }
  SECTION("even when it is the only one") {
    t.child().stdin_taken(3);
    t.run();
    CHECK(write(owner, hdl, "12345").is(errc::stdin_full));
    CHECK(write(owner, hdl, "1234").pending());
  }
}

TEST_CASE("refused bytes that belong to two writes refuse both", "[input]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto abc = write(owner, hdl, "abc");
  auto de = write(owner, hdl, "de");
  t.child().stdin_refused(4);
  t.run();
  CHECK(abc.is(errc::line_too_long));
  CHECK(de.pending());
  t.child().stdin_taken(1);
  t.run();
  CHECK(de.is(errc::line_too_long));
}

TEST_CASE("close_stdin lets what is queued go first", "[input]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto abc = write(owner, hdl, "abc");
  CHECK(owner.tell(hdl, close_stdin_atom_v).error() == caf::none);
  CHECK(t.child().take_calls() == lines{"write abc", "close_stdin"});
  CHECK(abc.pending());
  CHECK(write(owner, hdl, "d").is(errc::stdin_closed));
  CHECK(write(owner, hdl, "").is(errc::stdin_closed));
  CHECK(owner.tell(hdl, close_stdin_atom_v).error() == caf::none);
  CHECK(t.child().take_calls() == lines{});
  t.child().stdin_taken(3);
  t.run();
  CHECK(abc.value() == 3);
}

TEST_CASE("a broken input answers all writes that wait", "[input]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto abc = write(owner, hdl, "abc");
  auto de = write(owner, hdl, "de");
  t.child().stdin_taken(4);
  t.child().stdin_broken();
  t.run();
  CHECK(abc.value() == 3);
  CHECK(de.is(errc::stdin_closed));
  CHECK(detail_of(de.error()).os_code == 32);
  CHECK(write(owner, hdl, "f").is(errc::stdin_closed));
  CHECK(owner.tell(hdl, close_stdin_atom_v).error() == caf::none);
  CHECK(t.child().take_calls() == lines{"write abc", "write de"});
  CHECK(owner.info(hdl).queued_stdin == 0);
  CHECK(owner.info(hdl).state == session_state::running);
}

TEST_CASE("the exit answers writes that were not taken", "[input][ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto abc = write(owner, hdl, "abc");
  t.child().exited();
  t.run();
  CHECK(abc.is(errc::already_exited));
  CHECK(write(owner, hdl, "d").is(errc::already_exited));

  SECTION("also if a descendant takes them after all") {
    t.child().stdin_taken(3);
    t.run();
    CHECK(owner.info(hdl).queued_stdin == 0);
    CHECK(owner.info(hdl).consumed_stdin == 3);
  }
}

TEST_CASE("a session without input has a closed one", "[input]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.stdio = pipes(stdin_kind::null);
  auto hdl = owner.spawn(spec);
  CHECK(write(owner, hdl, "abc").is(errc::stdin_closed));
  CHECK(owner.tell(hdl, close_stdin_atom_v).error() == caf::none);
  CHECK(t.child().take_calls() == lines{});
}

TEST_CASE("resize reaches the terminal and brings its answer", "[terminal]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn(cat_on_terminal());
  auto done = owner.tell(hdl, resize_atom_v, terminal_size{30, 100});
  auto not_done = owner.tell(hdl, resize_atom_v, terminal_size{1, 1});
  CHECK(t.child().take_calls() == lines{"resize #1 30x100", "resize #2 1x1"});
  t.child().refused(2);
  t.child().answered(1);
  t.child().answered(99);
  t.run();
  CHECK(done.error() == caf::none);
  CHECK(not_done.is(errc::request_failed));
}

TEST_CASE("a resize that cannot be is refused", "[terminal]") {
  theatre t;
  peer owner{t};
  auto on_pipes = owner.spawn();
  auto on_terminal = owner.spawn(cat_on_terminal());
  CHECK(owner.tell(on_pipes, resize_atom_v, terminal_size{})
          .is(errc::not_a_terminal));
  auto size = GENERATE(terminal_size{0, 80}, terminal_size{24, 0});
  CHECK(
    owner.tell(on_terminal, resize_atom_v, size).is(errc::invalid_argument));
  CHECK(t.child(1).take_calls() == lines{});
}

TEST_CASE("every signal reaches the child by its name", "[signals]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto name = GENERATE(signal_name::interrupt, signal_name::hangup,
                       signal_name::quit, signal_name::terminate,
                       signal_name::kill, signal_name::stop,
                       signal_name::resume);
  auto sent = owner.tell(hdl, signal_atom_v, name);
  CHECK(t.child().take_calls() == lines{"signal #1 " + to_string(name)});
  t.child().answered(1);
  t.run();
  CHECK(sent.error() == caf::none);
  // A signal is not a terminate: the status does not say that it was requested.
  t.child().exited(by_signal(1));
  t.run();
  CHECK_FALSE(owner.info(hdl).status.by_request);
}

TEST_CASE("waiting writes are limited, however small", "[input][limits]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  std::vector<reply<std::uint64_t>> waiting;
  for (std::size_t i = 0; i < max_waiting_writes; ++i)
    waiting.push_back(
      owner.post<std::uint64_t>(hdl, write_atom_v, shared_bytes{"x"}));
  t.run();
  CHECK(write(owner, hdl, "y").is(errc::stdin_full));
  t.child().stdin_taken(1);
  t.run();
  CHECK(waiting.front().value() == 1);
  CHECK(write(owner, hdl, "y").pending());
}

TEST_CASE("a write that was refused says why, and others go on", "[input]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto write = [&](const char* text) {
    return owner.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{text});
  };
  auto first = write("ab");
  auto second = write("cdef");
  auto third = write("g");
  t.child().stdin_taken(2);
  t.run();
  CHECK(first.value() == 2);
  SECTION("as a whole") {
    t.child().stdin_refused(4);
    t.run();
  }
  SECTION("in a part of it") {
    t.child().stdin_taken(1);
    t.child().stdin_refused(2);
    t.run();
    CHECK(second.pending());
    t.child().stdin_taken(1);
    t.run();
  }
  CHECK(second.is(errc::line_too_long));
  CHECK(third.pending());
  CHECK(owner.info(hdl).queued_stdin == 1);
  t.child().stdin_taken(1);
  t.run();
  CHECK(third.value() == 1);
}
