#include "full_values.hpp"

#include "procession/messages/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <tuple>
#include <vector>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace {

struct fixture {
  config cfg;
  caf::actor_system sys{cfg};

  template <class T>
  std::vector<char> bytes_of(const T& x) {
    std::vector<char> result;
    CHECK(to_binary(x, result, &sys));
    return result;
  }

  /// Checks that `x` comes back from its bytes.
  template <class T>
  T through_bytes(const T& x) {
    auto bytes = bytes_of(x);
    CHECK(bytes.size() > 0);
    T result{};
    CHECK(from_binary(bytes.data(), bytes.size(), result, &sys));
    CHECK(bytes_of(result) == bytes);
    return result;
  }

  /// The same for one of our values, which cannot be read from fewer bytes.
  /// (CAF's own messages and errors are not that strict.)
  template <class T>
  T round_trip(const T& x) {
    auto bytes = bytes_of(x);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      T part{};
      CHECK_FALSE(from_binary(bytes.data(), n, part, &sys));
    }
    return through_bytes(x);
  }
};

session_info full_info() {
  session_info x;
  x.id = "s1";
  x.state = session_state::closed;
  x.pid = 42;
  x.spec = full_command();
  x.containment = containment_kind::marker;
  x.started = caf::timestamp{1s};
  x.last_output = caf::timestamp{2s};
  x.produced = {3, 4};
  x.consumed_stdin = 5;
  x.queued_stdin = 6;
  x.retained = 7;
  x.subscribers = 8;
  x.paused = true;
  x.status = full_status();
  x.complete = false;
  x.start_error = "none";
  return x;
}

page full_page() {
  page x;
  x.outputs = {{"s1", 0, stream_kind::err, 9, "bytes"},
               {"s1", 0, stream_kind::out, 10, ""}};
  x.gaps = {{"s1", 0, stream_kind::out, 1, 2}};
  x.next = {11, 12};
  x.state = session_state::exited;
  x.status = full_status();
  x.complete = false;
  return x;
}

exec_wait full_wait() {
  return {1s, {"a", "b"}, {"c"}, true, 2};
}

exec_request full_exec() {
  exec_request x;
  x.id = "e1";
  x.script = "make";
  x.argv = {"make", "test"};
  x.cwd = "/tmp";
  x.env = full_command().env;
  x.tty = true;
  x.size = {30, 100};
  x.timeout = 3s;
  x.input = stdin_kind::pipe;
  x.keep_background = true;
  x.wait = full_wait();
  return x;
}

exec_result full_exec_result() {
  exec_result x;
  x.id = "e1";
  x.wait = wait_result::matched;
  x.state = session_state::exited;
  x.status = full_status();
  x.complete = false;
  x.rest = {7, 8};
  x.matched = "c";
  x.matched_text = "cc";
  x.head = "head";
  x.omitted = 1;
  x.tail = "tail";
  x.invalid = 2;
  x.bytes = {3, 4};
  x.sent = 6;
  x.written = 5;
  x.waited = 6s;
  return x;
}

exec_session full_exec_session() {
  exec_session x;
  x.id = "e1";
  x.command = "make";
  x.state = session_state::running;
  x.pid = 1;
  x.age = 2s;
  x.idle = 3s;
  x.produced = {4, 5};
  x.unread = 6;
  x.awaited = true;
  x.status = full_status();
  x.start_error = "none";
  return x;
}

child_info full_child() {
  child_info x;
  x.name = "web";
  x.state = child_state::backing_off;
  x.restart = restart_kind::transient;
  x.starts = 3;
  x.id = "s7";
  x.pid = 42;
  x.last_end = "exit code 1";
  return x;
}

supervisor_event full_event() {
  return {
    7, supervisor_event_kind::exited, "web", 3, "s7", 42, full_status(), "x",
    5s};
}

} // namespace

TEST_CASE_METHOD(fixture, "bytes come back from their serialised form",
                 "[messages]") {
  auto text = GENERATE(std::string{}, std::string{"a\0\xff\n", 4},
                       std::string(70000, 'x'));
  auto bytes = shared_bytes{text};
  std::vector<char> buffer = bytes_of(bytes);
  shared_bytes result;
  CHECK(from_binary(buffer.data(), buffer.size(), result));
  CHECK(result == bytes);
  CHECK(result.text() == text);
}

TEST_CASE_METHOD(fixture, "every value type comes back whole", "[messages]") {
  SECTION("command") {
    CHECK(round_trip(full_command()) == full_command());
  }
  SECTION("parts of a command") {
    CHECK(round_trip(terminal_size{1, 65535}) == terminal_size{1, 65535});
    CHECK(round_trip(pty({3, 4})).size == terminal_size{3, 4});
    CHECK(round_trip(merged()).kind == stdio_kind::merged);
    CHECK(round_trip(pipes(stdin_kind::null)).input == stdin_kind::null);
    CHECK(round_trip(full_command().env).unset.size() == 1);
    CHECK(round_trip(full_command().limits).retention == 14s);
    CHECK(round_trip(full_command().kill).drain_timeout == 16s);
    CHECK(round_trip(stdio_kind::pty) == stdio_kind::pty);
    CHECK(round_trip(unsubscribed_policy::pause) == unsubscribed_policy::pause);
    CHECK(round_trip(ownership::spawner) == ownership::spawner);
  }
  SECTION("events") {
    auto a = output{"s1", 7, stream_kind::err, 1ull << 40, "text"};
    CHECK(round_trip(a) == a);
    auto b = gap{"s1", 8, stream_kind::err, 1, 1ull << 50};
    CHECK(round_trip(b) == b);
    auto c = exited{"s1", 9, full_status()};
    CHECK(round_trip(c) == c);
    auto d = closed{"s1", 10, close_reason::host_lost};
    CHECK(round_trip(d) == d);
    CHECK(round_trip(cursor{5, 6}) == cursor{5, 6});
    CHECK(round_trip(full_status()) == full_status());
    CHECK(round_trip(stream_kind::err) == stream_kind::err);
    CHECK(round_trip(exit_cause::runner_lost) == exit_cause::runner_lost);
  }
  SECTION("errors") {
    auto why = failure{errc::no_pty_left, {stage::open_pty, 28, "none left"}};
    auto x = round_trip(why);
    CHECK(to_string(x) == to_string(why));
    CHECK(round_trip(why.detail).os_code == 28);
    CHECK(round_trip(errc::session_limit) == errc::session_limit);
    CHECK(round_trip(stage::chdir) == stage::chdir);
  }
  SECTION("subscriptions") {
    auto x = round_trip(subscription{{1, 2}, 3, delivery::lossy});
    CHECK(x.from == cursor{1, 2});
    CHECK(x.window == 3);
    CHECK(x.mode == delivery::lossy);
    CHECK(round_trip(delivery::lossy) == delivery::lossy);
  }
  SECTION("what is known of a session") {
    auto x = round_trip(full_info());
    auto y = full_info();
    auto all = [](const session_info& z) {
      return std::tie(z.id, z.state, z.pid, z.spec, z.containment, z.started,
                      z.last_output, z.produced, z.consumed_stdin,
                      z.queued_stdin, z.retained, z.subscribers, z.paused,
                      z.status, z.complete, z.start_error);
    };
    CHECK(all(x) == all(y));
    CHECK(round_trip(session_state::exited) == session_state::exited);
    CHECK(round_trip(containment_kind::job) == containment_kind::job);
    CHECK(round_trip(last_signal_name) == last_signal_name);
  }
  SECTION("what an exec tool is asked, and what it answers") {
    // `round_trip` compares by the bytes.
    CHECK(round_trip(full_exec()).wait.until == full_wait().until);
    CHECK(round_trip(exec_input{"e1", "a", {"b"}, true, full_wait()}).close);
    CHECK(round_trip(exec_poll{"e1", full_wait()}).wait.on_output);
    CHECK(round_trip(full_exec_result()).bytes == cursor{3, 4});
    CHECK(round_trip(full_exec_session()).status == full_status());
  }
  SECTION("what a supervisor tells") {
    CHECK(round_trip(full_event()) == full_event());
    auto x = round_trip(full_child());
    CHECK(to_string(x) == to_string(full_child()));
    CHECK(x.id == "s7");
    CHECK(round_trip(events_missed{3, 4}).to == 4);
    auto terms = round_trip(event_subscription{5, 6});
    CHECK(terms.from == 5);
    CHECK(terms.window == 6);
    CHECK(round_trip(child_state::stopped) == child_state::stopped);
    CHECK(round_trip(restart_kind::temporary) == restart_kind::temporary);
  }
  SECTION("pages") {
    auto x = round_trip(full_page());
    auto y = full_page();
    auto all = [](const page& z) {
      return std::tie(z.outputs, z.gaps, z.next, z.state, z.status, z.complete);
    };
    CHECK(all(x) == all(y));
  }
}

TEST_CASE_METHOD(fixture, "a message of every type crosses a node boundary",
                 "[messages]") {
  // As a message, because there the types need their names.
  auto first = caf::make_message(
    shared_bytes{"bytes"}, errc::stdin_full, stage::exec,
    error_detail{stage::fork, 11, "try again"},
    failure{errc::spawn_failed, {stage::exec, 2, "no"}}, terminal_size{2, 3},
    stdio_kind::pty, pty({4, 5}), full_command().env, full_command().limits,
    full_command().kill, background_policy::keep, unsubscribed_policy::pause,
    ownership::spawner, full_command().restricted, full_command());
  auto second = caf::make_message(
    stream_kind::err, cursor{1, 2}, exit_cause::signaled, full_status(),
    output{"s", 1, stream_kind::out, 2, "xyz"},
    gap{"s", 2, stream_kind::err, 3, 4}, exited{"s", 3, full_status()},
    closed{"s", 4, close_reason::host_lost}, session_state::exited,
    containment_kind::cgroup, signal_name::stop, delivery::lossy,
    subscription{{7, 8}, 9, delivery::lossy}, full_info(), full_page(),
    std::vector<session_info>{full_info()});
  auto third = caf::make_message(
    full_wait(), full_exec(),
    exec_input{"e1", "a", {"enter"}, true, full_wait()},
    exec_poll{"e1", full_wait()}, wait_result::timed_out, full_exec_result(),
    full_exec_session(), exec_list{full_exec_session()});
  auto fourth = caf::make_message(restart_kind::transient, child_state::running,
                                  full_child(), child_list{full_child()},
                                  supervisor_event_kind::ready, full_event(),
                                  events_missed{1, 2},
                                  event_subscription{3, 4});
  for (auto& x : {first, second, third, fourth}) {
    auto y = through_bytes(x);
    CHECK(y.size() == x.size());
    CHECK(caf::to_string(y) == caf::to_string(x));
  }
}

TEST_CASE_METHOD(fixture, "a request crosses a node boundary", "[messages]") {
  auto check = [&](const caf::message& x) {
    CHECK(caf::to_string(through_bytes(x)) == caf::to_string(x));
  };
  check(caf::make_message(write_atom_v, shared_bytes{"abc"}));
  check(caf::make_message(close_stdin_atom_v));
  check(caf::make_message(resize_atom_v, terminal_size{1, 2}));
  check(caf::make_message(signal_atom_v, signal_name::quit));
  check(caf::make_message(terminate_atom_v, caf::timespan{5s}));
  check(caf::make_message(info_atom_v));
  check(caf::make_message(wait_atom_v));
  check(caf::make_message(wait_atom_v, session_state::closed));
  check(caf::make_message(ready_atom_v));
  check(caf::make_message(read_atom_v, cursor{1, 2}, std::uint64_t{3},
                          caf::timespan{4s}));
  check(caf::make_message(subscribe_atom_v, subscription{}));
  check(caf::make_message(unsubscribe_atom_v));
  check(caf::make_message(ack_atom_v, std::uint64_t{4}));
  check(caf::make_message(spawn_atom_v, full_command()));
  check(caf::make_message(find_atom_v, session_id{"s1"}));
  check(caf::make_message(list_atom_v));
  check(caf::make_message(exec_atom_v, full_exec()));
  check(caf::make_message(poll_atom_v, exec_poll{"e1", full_wait()}));
  check(caf::make_message(cancel_atom_v, session_id{"e1"}));
}

TEST_CASE_METHOD(fixture, "handles cross a node boundary", "[messages]") {
  auto actor = sys.spawn(
    [](caf::event_based_actor*) { return caf::behavior{[](info_atom) {}}; });
  auto hdl = caf::actor_cast<session>(actor);
  auto copy = through_bytes(caf::make_message(hdl));
  CHECK(copy.get_as<session>(0) == hdl);
  auto maker = caf::actor_cast<spawner>(actor);
  CHECK(through_bytes(caf::make_message(maker)).get_as<spawner>(0) == maker);
  auto boss = caf::actor_cast<supervisor>(actor);
  CHECK(through_bytes(caf::make_message(boss)).get_as<supervisor>(0) == boss);
  caf::anon_send_exit(actor, caf::exit_reason::kill);
}

TEST_CASE_METHOD(fixture, "an error keeps its detail over a node boundary",
                 "[messages]") {
  auto x = make_error(errc::not_executable, stage::exec, "not a program", 8);
  auto y = through_bytes(x);
  CHECK(x == y);
  CHECK(is(y, errc::not_executable));
  CHECK(detail_of(y).at == stage::exec);
  CHECK(detail_of(y).os_code == 8);
  CHECK(detail_of(y).text == "not a program");
}

TEST_CASE("a configuration of one's own learns our types", "[messages]") {
  caf::actor_system_config cfg;
  add_to(cfg);
  caf::actor_system sys{cfg};
  auto sent = caf::make_message(full_command());
  std::vector<char> bytes;
  REQUIRE(to_binary(sent, bytes, &sys));
  caf::message came;
  REQUIRE(from_binary(bytes.data(), bytes.size(), came, &sys));
  CHECK(caf::to_string(came) == caf::to_string(sent));
}

TEST_CASE("our configuration chooses the scheduler that does not poll",
          "[messages]") {
  config cfg;
  CHECK(caf::get_or(cfg, caf_option::scheduler_policy, option_word("none"))
        == option_word("sharing"));
}
