#include "world.hpp"

#include <catch2/catch.hpp>

#include <caf/after.hpp>
#include <caf/send.hpp>

namespace procession::test {

command shell(std::string script, stdio_spec stdio) {
  return program("/bin/sh", {"-c", std::move(script)}, stdio);
}

command actor(std::vector<std::string> words, stdio_spec stdio) {
  return program(helper_path("test-actor"), std::move(words), stdio);
}

std::string without_sequences(const std::string& text) {
  // Only sequences that begin with a CSI, as all but titles do (ECMA-48, 5.4).
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\x1b[") == 0)
      i = text.find_first_of(
        "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
        i + 2);
    else
      result += text[i];
    if (i == std::string::npos)
      break;
  }
  return result;
}

command program(std::string name, std::vector<std::string> args,
                stdio_spec stdio) {
  command result;
  result.program = std::move(name);
  result.args = std::move(args);
  result.stdio = stdio;
  return result;
}

world::world(const backend_entry& entry)
  : backend_(entry.make()), sys(config_, backend_->here),
    where(backend_->start(sys)), owner(std::in_place, sys), self(*owner) {
  UNSCOPED_INFO("backend: " << entry.name);
}

world::~world() {
  owner.reset();
}

session world::spawn(command spec) {
  session result;
  self->request(where, patience, spawn_atom_v, std::move(spec))
    .receive([&](session& x) { result = std::move(x); },
             [&](caf::error& x) { FAIL(describe(x)); });
  return result;
}

caf::error world::refusal(command spec) {
  caf::error result;
  self->request(where, patience, spawn_atom_v, std::move(spec))
    .receive([](session&) {}, [&](caf::error& x) { result = std::move(x); });
  return result;
}

run_result world::run(command spec, shared_bytes input) {
  auto result = procession::run(self, where, std::move(spec), std::move(input));
  if (!result)
    FAIL(describe(result.error()));
  return std::move(*result);
}

session_info world::info(const session& of) {
  auto result = ask<session_info>(of, info_atom_v);
  if (!result)
    FAIL(describe(result.error()));
  return std::move(*result);
}

// -- listener -----------------------------------------------------------------

listener::listener(world& w, session to, subscription terms)
  : session_(std::move(to)), self_(w.sys), at_(terms.from) {
  self_->request(session_, patience, subscribe_atom_v, terms)
    .receive([] {}, [&](caf::error& x) { FAIL(describe(x)); });
}

void listener::check_seq(std::uint64_t seq) {
  CHECK(seq == ++last_seq_);
  CHECK_FALSE(end);
}

bool listener::receive_one(std::chrono::milliseconds within) {
  auto received = true;
  self_->receive(
    [&](started& x) {
      check_seq(x.seq);
      CHECK(x.seq == 1);
      CHECK(x.pid > 0);
      CHECK(x.containment != containment_kind::unknown);
      begin = std::move(x);
    },
    [&](output& x) {
      check_seq(x.seq);
      CHECK(x.offset == at_[x.stream]);
      at_[x.stream] += x.bytes.size();
      (x.stream == stream_kind::out ? out : err) += x.bytes.text();
      unacknowledged += x.bytes.size();
      if (acknowledging)
        acknowledge();
    },
    [&](gap& x) {
      check_seq(x.seq);
      CHECK(x.from == at_[x.stream]);
      CHECK(x.to > x.from);
      at_[x.stream] = x.to;
      gaps.push_back(std::move(x));
    },
    [&](stopped& x) {
      check_seq(x.seq);
      stops.push_back(x.signal);
    },
    [&](continued& x) {
      check_seq(x.seq);
      stops.push_back(0);
    },
    [&](exited& x) {
      check_seq(x.seq);
      CHECK((begin || x.status.cause == exit_cause::start_failed));
      CHECK_FALSE(status);
      status = x.status;
    },
    [&](closed& x) {
      check_seq(x.seq);
      CHECK(status);
      end = std::move(x);
    },
    caf::after(within) >> [&] { received = false; });
  return received;
}

bool listener::until(const std::function<bool()>& done) {
  auto deadline = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !receive_one(left))
      return false;
  }
  return true;
}

bool listener::until_output(const std::string& text) {
  return until([&] { return out.find(text) != std::string::npos; });
}

bool listener::until_exited() {
  return until([&] { return status.has_value(); });
}

bool listener::until_closed() {
  return until([&] { return end.has_value(); });
}

bool listener::until_closed_slowly() {
  acknowledging = false;
  while (!end) {
    acknowledge();
    auto before = out.size();
    if (!until([&] { return end || out.size() > before; }))
      return false;
  }
  return true;
}

bool listener::quiet_for(std::chrono::milliseconds time) {
  return !receive_one(time);
}

void listener::acknowledge() {
  self_->send(session_, ack_atom_v, unacknowledged);
  unacknowledged = 0;
}

// -- checks -------------------------------------------------------------------

void check_kept(world& w, const session& hdl, listener& events,
                const exit_status& status) {
  REQUIRE(events.until_closed());
  CHECK(*events.status == status);
  CHECK(*w.ask<exit_status>(hdl, wait_atom_v) == status);
  CHECK(*w.ask<exit_status>(hdl, terminate_atom_v) == status);
  CHECK(is(w.tell(hdl, signal_atom_v, signal_name::interrupt),
           errc::already_exited));
}

void check_tail(world& w, const session& hdl) {
  // Its last output may come after its exit.
  REQUIRE(listener{w, hdl}.until_closed());
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  REQUIRE(events.gaps.size() == 1);
  CHECK(events.gaps.front().to == four_mib - (1 << 20));
  CHECK(events.out.size() == 1 << 20);
}

} // namespace procession::test
