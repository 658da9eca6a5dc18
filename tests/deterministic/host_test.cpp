#include "runner_stage.hpp"

using namespace procession;
using namespace procession::test;

namespace {

/// A host whose parent is the test.
struct host_alone {
  host_alone() : channel(work) {
    auto queue = std::shared_ptr<executor>{std::shared_ptr<void>{}, &work};
    runner_host_options options;
    options.identity = {4711, "runner", "secret"};
    options.max_sessions = 2;
    host = std::make_unique<runner_host>(queue, scripts, options,
                                         [this](const failure& why) {
                                           ends.push_back(why);
                                         });
    host->start(channel.end(side::right));
    work.run();
  }

  ~host_alone() {
    host.reset();
    work.run();
  }

  template <class Body>
  void say(frame_type type, std::uint64_t session, const Body& body) {
    say_raw(type, session, protocol::encode(body));
  }

  void say_raw(frame_type type, std::uint64_t session, const std::string& body,
               std::uint16_t flags = 0) {
    frame_header header;
    header.length = static_cast<std::uint32_t>(body.size());
    header.type = type;
    header.flags = flags;
    header.session = session;
    header.sequence = ++sequence;
    auto bytes = encode(header);
    channel.inject(side::right,
                   std::string{reinterpret_cast<const char*>(bytes.data()),
                               bytes.size()}
                     + body);
    work.run();
  }

  void greet(std::string nonce = "secret") {
    protocol::hello hello;
    hello.nonce = std::move(nonce);
    say(frame_type::hello, 0, hello);
  }

  void spawn(std::uint64_t number) {
    say(frame_type::spawn, number, protocol::spawn{cat(), 100});
  }

  lines sent() {
    work.run();
    return frames_in(channel.take(side::left));
  }

  script& child(std::size_t i = 0) {
    return *scripts->scripts.at(i);
  }

  /// Checks that it said goodbye, ended for that reason and lost its children.
  void refused(stage at, const std::string& how) {
    CHECK(sent().back() == "goodbye");
    work.advance(5s);
    REQUIRE(ends.size() == 1);
    INFO(ends[0].detail.text);
    CHECK(ends[0].code == errc::protocol_violation);
    CHECK(ends[0].detail.at == at);
    CHECK(ends[0].detail.text.find(how) != std::string::npos);
    for (auto& x : scripts->scripts)
      CHECK(x->destroyed());
  }

  hand_executor work;
  wire channel;
  std::shared_ptr<scripted_factory> scripts
    = std::make_shared<scripted_factory>();
  std::unique_ptr<runner_host> host;
  std::vector<failure> ends;
  std::uint64_t sequence = 0;
};

} // namespace

TEST_CASE(
  "a host speaks first, and does nothing for a parent that does not answer",
  "[runner][protocol]") {
  host_alone x;
  CHECK(x.sent() == lines{"hello"});
  x.work.advance(30s);
  REQUIRE(x.ends.size() == 1);
  CHECK(x.ends[0].code == errc::deadline_passed);
  CHECK(x.ends[0].detail.at == stage::hello);
}

TEST_CASE("a host refuses a parent that is not its own", "[runner][protocol]") {
  host_alone x;
  SECTION("with a wrong nonce") {
    x.greet("guessed");
    x.refused(stage::hello, "does not know what we were told");
  }
  SECTION("with another version") {
    protocol::hello hello;
    hello.version = 7;
    hello.nonce = "secret";
    x.say(frame_type::hello, 0, hello);
    x.refused(stage::hello,
              "speaks version 7, we speak " + std::to_string(protocol_version));
  }
  SECTION("with no hello") {
    x.spawn(1);
    x.refused(stage::channel, "does not begin with a hello");
    CHECK(x.scripts->scripts.empty());
  }
  SECTION("with a hello that is none") {
    x.say_raw(frame_type::hello, 0, "x");
    x.refused(stage::hello, "did not begin with a hello");
  }
}

TEST_CASE("a host whose parent breaks the protocol ends, and all it runs",
          "[runner][protocol]") {
  host_alone x;
  x.greet();
  x.spawn(1);
  x.child().started();
  x.work.run();
  CHECK(x.sent() == lines{"hello", "spawned of 1"});
  SECTION("a number twice") {
    x.spawn(1);
    x.refused(stage::channel, "has a number that was used");
  }
  SECTION("a session that was not started") {
    x.say_raw(frame_type::kill, 2, "");
    x.refused(stage::channel, "is for a session that was not started");
  }
  SECTION("input beyond the window") {
    for (auto i = 0; i < 5; ++i)
      x.say_raw(frame_type::input, 1, std::string(max_data_body, 'x'));
    x.refused(stage::channel, "exceeds its window");
  }
  SECTION("a finish before the exit") {
    x.say_raw(frame_type::finish, 1, "");
    x.refused(stage::channel, "does not come at its time");
  }
  SECTION("a frame that only a runner sends") {
    x.say_raw(frame_type::output, 1, "x");
    x.refused(stage::channel, "is not one that a parent sends");
  }
  SECTION("a kill that carries something") {
    x.say_raw(frame_type::kill, 1, "x");
    x.refused(stage::channel, "cannot be decoded");
  }
  SECTION("a request before the start") {
    x.spawn(2);
    x.say_raw(frame_type::kill, 2, "");
    x.refused(stage::channel, "does not come at its time");
  }
}

TEST_CASE("a host takes no more sessions than it may", "[runner][limits]") {
  host_alone x;
  x.greet();
  for (std::uint64_t i = 1; i <= 3; ++i)
    x.spawn(i);
  CHECK(x.sent() == lines{"hello", "spawn_failed of 3"});
  CHECK(x.scripts->scripts.size() == 2);
}

TEST_CASE("a host passes on that a program says it is ready", "[runner]") {
  host_alone x;
  x.greet();
  protocol::spawn body{cat(), 100};
  body.spec.notification_fd = 3;
  x.say(frame_type::spawn, 1, body);
  CHECK(x.child().spec().notification_fd == 3);
  x.child().started();
  x.child().notified();
  CHECK(x.sent() == lines{"hello", "spawned of 1", "notified of 1"});
}

TEST_CASE("a host passes on stops, refused input and what was left over",
          "[runner]") {
  host_alone x;
  x.greet();
  x.spawn(1);
  x.child().started();
  x.say_raw(frame_type::input, 1, "abcdef");
  x.child().stdin_refused(6);
  x.child().stopped(19);
  x.child().continued();
  x.say(frame_type::terminate, 1, protocol::terminate{signal_name::hangup});
  CHECK(x.child().count("terminate by hangup") == 1);
  x.child().both_ended();
  x.child().exited();
  x.say(frame_type::terminate, 1, protocol::terminate{});
  CHECK(x.child().count("terminate") == 1);
  x.child().finished({2, 1});
  x.work.run();
  CHECK(x.sent()
        == lines{"hello", "spawned of 1", "input_refused of 1", "stopped of 1",
                 "continued of 1", "exited of 1", "closed of 1"});
}

TEST_CASE("frames that cross the end of a session are ignored",
          "[runner][protocol]") {
  host_alone x;
  x.greet();
  x.spawn(1);
  x.child().started();
  x.child().both_ended();
  x.child().exited();
  x.child().finished();
  x.work.run();
  CHECK(x.sent()
        == lines{"hello", "spawned of 1", "exited of 1", "closed of 1"});
  for (auto type : {frame_type::kill, frame_type::abandon,
                    frame_type::terminate, frame_type::close_input})
    x.say_raw(type, 1, "");
  x.say_raw(frame_type::input, 1, "late");
  x.say(frame_type::output_credit, 1, protocol::credit{5});
  CHECK(x.ends.empty());
  CHECK(x.sent().empty());
}

TEST_CASE("abandoned sessions are ended and closed, started or not",
          "[runner][ending]") {
  host_alone x;
  x.greet();
  x.spawn(1);
  x.spawn(2);
  x.child(1).started();
  x.child(1).out("unread");
  x.work.run();
  x.sent();
  x.say_raw(frame_type::abandon, 1, "");
  x.say_raw(frame_type::abandon, 2, "");
  CHECK(x.sent() == lines{"closed of 1", "closed of 2"});
  CHECK(x.child(0).destroyed());
  CHECK(x.child(1).destroyed());
  CHECK(x.ends.empty());
}
