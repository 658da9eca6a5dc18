#include "runner_stage.hpp"

using namespace procession;
using namespace procession::test;

namespace {

constexpr auto spawned_frame = protocol::spawned{12, containment_kind::cgroup};

/// A connection that is up, with one session that runs and another that must
/// not notice what happens to the first.
struct running : connection_alone {
  explicit running(runner_options options = {},
                   stdio_kind kind = stdio_kind::pipes)
    : connection_alone(options) {
    bring_up();
    session = start(events, 100, kind);
    say(frame_type::spawned, 1, spawned_frame);
    events.clear();
    take_sent();
  }

  /// Checks that the runner broke the protocol and was ended for that reason.
  void broke(const std::string& how,
             const std::string& last = "finished, not drained") {
    CHECK(process->killed);
    CHECK(info().state == runner_state::down);
    CHECK(info().why.code == errc::protocol_violation);
    CHECK(info().why.detail.text.find(how) != std::string::npos);
    INFO(info().why.detail.text);
    CHECK(events.back() == last);
    CHECK(std::count(events.begin(), events.end(), events.back()) == 1);
  }

  lines events;
  std::unique_ptr<child> session;
};

} // namespace

TEST_CASE("a runner that keeps to the protocol is believed",
          "[runner][protocol]") {
  running x;
  x.session->write("abc");
  x.session->resize(5, {30, 100});
  x.session->grant(50);
  x.session->close_stdin();
  CHECK(x.take_sent()
        == lines{"input of 1", "resize of 1", "output_credit of 1",
                 "close_input of 1"});
  x.say(frame_type::input_credit, 1, protocol::credit{3});
  x.say_raw(frame_type::output, 1, "hello");
  x.say_raw(frame_type::output, 1, "oops", 1);
  x.say(frame_type::answered, 1, protocol::answered{5, true, {}});
  x.say(frame_type::exited, 1, protocol::exited{{}, true});
  x.say(frame_type::closed, 1, protocol::closed{true});
  CHECK(x.events
        == lines{"taken 3", "out hello", "err oops", "answered 5", "exited",
                 "finished"});
  CHECK(x.info().state == runner_state::up);
}

TEST_CASE("a runner that breaks the protocol is ended, with the reason",
          "[runner][protocol]") {
  SECTION("garbage") {
    running x;
    x.channel.inject(side::left, std::string(100, '\xee'));
    x.work.run();
    x.broke("a frame has the protocol version 238");
  }
  SECTION("an oversized length") {
    running x;
    frame_header header;
    header.length = 0x7fffffff;
    header.sequence = 3;
    auto bytes = encode(header);
    x.channel.inject(side::left, {reinterpret_cast<const char*>(bytes.data()),
                                  bytes.size()});
    x.work.run();
    x.broke("claims 2147483647 bytes");
  }
  SECTION("a frame for a session that it was not given") {
    running x;
    x.say_raw(frame_type::output, 2, "x");
    x.broke("is for a session that it was not given");
  }
  SECTION("a process that has no number") {
    running x;
    lines events;
    auto other = x.start(events, 100, stdio_kind::pipes, 0);
    x.say(frame_type::spawned, 2,
          protocol::spawned{0, containment_kind::cgroup});
    x.broke("cannot be decoded");
  }
  SECTION("a frame that only a parent sends") {
    running x;
    x.say_raw(frame_type::kill, 1, "");
    x.broke("is not one that a runner sends");
  }
  SECTION("a frame of no known type") {
    running x;
    x.say_raw(static_cast<frame_type>(200), 1, "");
    x.broke("is not one that a runner sends");
  }
  SECTION("output beyond its credit") {
    running x;
    x.say_raw(frame_type::output, 1, std::string(100, 'x'));
    x.say_raw(frame_type::output, 1, "y");
    x.broke("exceeds its credit");
    CHECK(x.events.front() == "out " + std::string(100, 'x'));
  }
  SECTION("output of nothing, or of no stream") {
    running x;
    x.say_raw(frame_type::output, 1, "x", 2);
    x.broke("cannot be decoded");
  }
  SECTION("error output of a terminal") {
    running x{{}, stdio_kind::pty};
    x.say_raw(frame_type::output, 1, "x", 1);
    x.broke("cannot be decoded");
  }
  SECTION("a second exit") {
    running x;
    x.say(frame_type::exited, 1, protocol::exited{});
    x.say(frame_type::exited, 1, protocol::exited{});
    x.broke("does not come at its time");
  }
  SECTION("output behind an exit that had it all") {
    running x;
    x.say(frame_type::exited, 1, protocol::exited{{}, true});
    x.say_raw(frame_type::output, 1, "x");
    x.broke("does not come at its time", "finished");
  }
  SECTION("output behind the end of its session") {
    running x;
    x.say(frame_type::exited, 1, protocol::exited{{}, true});
    x.say(frame_type::closed, 1, protocol::closed{true});
    auto before = x.events;
    x.say_raw(frame_type::output, 1, "x");
    CHECK(x.info().why.code == errc::protocol_violation);
    CHECK(x.events == before);
  }
  SECTION("an end without an exit") {
    running x;
    x.say(frame_type::closed, 1, protocol::closed{true});
    x.broke("does not come at its time");
  }
  SECTION("a second start") {
    running x;
    x.say(frame_type::spawned, 1, spawned_frame);
    x.broke("does not come at its time");
  }
  SECTION("credit for input that was not sent") {
    running x;
    x.session->write("abc");
    x.take_sent();
    x.say(frame_type::input_credit, 1, protocol::credit{4});
    x.broke("is for more than was sent");
  }
  SECTION("an answer that nobody waits for") {
    running x;
    x.say(frame_type::answered, 1, protocol::answered{1, true, {}});
    x.broke("does not come at its time");
  }
  SECTION("a body that is none") {
    running x;
    x.say_raw(frame_type::exited, 1, "\x01\x02");
    x.broke("cannot be decoded");
  }
  SECTION("a ping that carries something") {
    running x;
    x.say_raw(frame_type::ping, 0, "x");
    x.broke("carries something");
  }
  SECTION("a frame that does not end") {
    running x;
    x.channel.inject(side::left, "\x10");
    x.channel.cut(side::left);
    x.process->exits({});
    x.work.run();
    CHECK(x.info().why.code == errc::runner_lost);
    CHECK(x.events == lines{"finished, not drained"});
  }
}

TEST_CASE("a program in a runner says that it is ready once, if it is to",
          "[runner]") {
  running x;
  lines events;
  auto other = x.start(events, 100, stdio_kind::pipes, 3);
  auto notified = [&](std::uint64_t number) {
    x.say_raw(frame_type::notified, number, "");
  };
  SECTION("while it runs") {
    x.say(frame_type::spawned, 2, spawned_frame);
    notified(2);
    CHECK(events == lines{"started", "notified"});
    CHECK(x.info().state == runner_state::up);
    notified(2);
    x.broke("does not come at its time");
  }
  SECTION("not before") {
    notified(2);
    x.broke("does not come at its time");
  }
  SECTION("not after its end") {
    x.say(frame_type::spawned, 2, spawned_frame);
    x.say(frame_type::exited, 2, protocol::exited{{}, false});
    notified(2);
    x.broke("does not come at its time");
  }
  SECTION("not unasked") {
    notified(1);
    x.broke("does not come at its time");
  }
  SECTION("in so many words") {
    x.say(frame_type::spawned, 2, spawned_frame);
    x.say_raw(frame_type::notified, 2, "x");
    x.broke("cannot be decoded");
  }
}

TEST_CASE("a program in a runner is stopped and runs again by turns",
          "[runner][signals]") {
  running x;
  SECTION("while it runs") {
    x.say(frame_type::stopped, 1, protocol::stopped{20});
    x.say_raw(frame_type::continued, 1, "");
    x.work.advance(100ms);
    x.say(frame_type::stopped, 1, protocol::stopped{19});
    x.work.advance(100ms);
    x.say(frame_type::exited, 1, protocol::exited{{}, false});
    CHECK(x.events
          == lines{"stopped by 20", "continued", "stopped by 19", "exited"});
    CHECK(x.info().state == runner_state::up);
    x.say_raw(frame_type::continued, 1, "");
    x.broke("does not come at its time");
  }
  SECTION("told at a pace, however often it changes") {
    for (auto i = 0; i < 1000; ++i) {
      x.say(frame_type::stopped, 1, protocol::stopped{20});
      x.say_raw(frame_type::continued, 1, "");
    }
    x.say(frame_type::stopped, 1, protocol::stopped{19});
    CHECK(x.events == lines{"stopped by 20"});
    x.work.advance(100ms);
    CHECK(x.events == lines{"stopped by 20", "continued", "stopped by 19"});
  }
  SECTION("not twice") {
    x.say(frame_type::stopped, 1, protocol::stopped{20});
    x.say(frame_type::stopped, 1, protocol::stopped{20});
    x.broke("does not come at its time");
  }
  SECTION("not without having been stopped") {
    x.say_raw(frame_type::continued, 1, "");
    x.broke("does not come at its time");
  }
}

TEST_CASE("input that a runner refuses gives its window back",
          "[runner][input]") {
  running x;
  x.session->write(std::string(protocol::input_window, 'x'));
  x.session->write("yz");
  CHECK(x.take_sent() == lines(4, "input of 1"));
  auto why = failure{errc::line_too_long, {stage::run, 0, "too long"}};
  SECTION("as much as was sent") {
    x.say(frame_type::input_refused, 1,
          protocol::input_refused{max_data_body, why});
    CHECK(x.events == lines{"refused " + std::to_string(max_data_body)});
    CHECK(x.take_sent() == lines{"input of 1"});
  }
  SECTION("and no more") {
    x.say(frame_type::input_refused, 1,
          protocol::input_refused{protocol::input_window + 1, why});
    x.broke("is for more than was sent");
  }
}

TEST_CASE("a tree in a runner that was asked to end is waited for",
          "[runner][ending]") {
  runner_options options;
  options.ping_interval = std::chrono::hours{1};
  running x{options};
  x.session->terminate(signal_name::hangup);
  CHECK(x.take_sent() == lines{"terminate of 1"});
  x.say(frame_type::exited, 1, protocol::exited{{}, true});
  x.work.advance(19s);
  x.session->terminate(signal_name::terminate);
  CHECK(x.take_sent().back() == "terminate of 1");
  x.work.advance(19s);
  CHECK(x.info().state == runner_state::up);
  SECTION("for as long as its grace is, and told of") {
    x.say(frame_type::closed, 1, protocol::closed{true, {2, 1}});
    CHECK(x.events
          == lines{"exited", "finished, 2 left over ended, 1 could not be "
                             "ended"});
  }
  SECTION("until it is killed and does not end") {
    x.session->kill();
    x.work.advance(20s);
    CHECK(x.process->killed);
    CHECK(x.info().why.detail.at == stage::terminate);
  }
}

TEST_CASE("a runner that does not greet as it should is ended",
          "[runner][protocol]") {
  connection_alone x;
  x.process->launched();
  x.process->connected(x.channel.end(side::left));
  x.work.run();
  lines events;
  auto session = x.start(events);
  auto refused = [&](const std::string& how) {
    CHECK(x.process->killed);
    CHECK(x.info().why.code == errc::protocol_violation);
    CHECK(x.info().why.detail.at == stage::hello);
    INFO(x.info().why.detail.text);
    CHECK(x.info().why.detail.text.find(how) != std::string::npos);
    CHECK(events == lines{"start failed: protocol_violation"});
  };
  protocol::hello hello;
  hello.pid = 1;
  hello.nonce = x.nonce;
  SECTION("a wrong nonce") {
    hello.nonce = "guessed";
    x.say(frame_type::hello, 0, hello);
    refused("does not know what it was told");
  }
  SECTION("no nonce") {
    hello.nonce = "";
    x.say(frame_type::hello, 0, hello);
    refused("does not know what it was told");
  }
  SECTION("another version") {
    hello.version = 1;
    x.say(frame_type::hello, 0, hello);
    refused("speaks version 1, we speak " + std::to_string(protocol_version));
  }
  SECTION("something else") {
    x.say_raw(frame_type::output, 1, "x");
    refused("does not begin with a hello");
  }
  SECTION("half of it") {
    x.say_raw(frame_type::hello, 0, "x");
    refused("did not begin with a hello");
  }
}

TEST_CASE("each stage of a runner's start has an end", "[runner][protocol]") {
  runner_options options;
  options.launch_timeout = 1s;
  options.connect_timeout = 2s;
  options.hello_timeout = 3s;
  connection_alone x{options};
  lines events;
  auto session = x.start(events);
  auto expect = [&](stage at, const std::string& how) {
    CHECK(x.info().why.code == errc::runner_failed);
    CHECK(x.info().why.detail.at == at);
    CHECK(x.info().why.detail.text == how);
    CHECK(events == lines{"start failed: runner_failed"});
  };
  SECTION("launch") {
    x.work.advance(999ms);
    CHECK(events.empty());
    x.work.advance(1ms);
    expect(stage::launch, "the runner was not started within 1000 ms");
  }
  SECTION("connect") {
    x.process->launched();
    x.work.advance(2s);
    expect(stage::connect, "the runner did not connect within 2000 ms");
  }
  SECTION("hello") {
    x.process->launched();
    x.process->connected(x.channel.end(side::left));
    x.work.advance(3s);
    expect(stage::hello, "the runner sent no hello within 3000 ms");
  }
  SECTION("the end of the process is its end, with what it said") {
    x.process->launched();
    x.process->connected(x.channel.end(side::left));
    x.process->tell(runner_said{"no\nsuch thing\n"});
    x.process->exits(exit_code(3));
    x.channel.cut(side::left);
    x.work.run();
    expect(stage::hello,
           "the runner ended: exit code 3; it said: \"no|such thing\"");
  }
}

TEST_CASE("a runner that misses a session's deadline is ended",
          "[runner][ending]") {
  runner_options options;
  options.spawn_timeout = 4s;
  options.kill_timeout = 5s;
  options.ping_interval = std::chrono::hours{1};
  running x{options};
  auto last = std::string{"finished, not drained"};
  auto expect = [&](caf::timespan within, stage at) {
    x.work.advance(within - 1ms);
    CHECK(x.info().state == runner_state::up);
    x.work.advance(1ms);
    CHECK(x.process->killed);
    CHECK(x.info().why.code == errc::runner_lost);
    CHECK(x.info().why.detail.at == at);
    CHECK(x.events.back() == last);
  };
  SECTION("a start") {
    lines events;
    auto other = x.start(events);
    expect(4s, stage::spawn);
    CHECK(events == lines{"start failed: runner_lost"});
  }
  SECTION("but an answer: it costs the request, not the runner") {
    x.session->signal(1, signal_name::hangup);
    x.work.advance(3s);
    x.session->signal(2, signal_name::hangup);
    x.work.advance(2s);
    CHECK(x.events == lines{"answered 1"});
    x.work.advance(3s);
    CHECK(x.events == lines{"answered 1", "answered 2"});
    // The late answer is reported once.
    x.say(frame_type::answered, 1, protocol::answered{1, true, {}});
    CHECK(x.events.size() == 2);
    CHECK(x.info().state == runner_state::up);
  }
  SECTION("an end, but not while what was before it still comes") {
    x.session->kill();
    x.work.advance(4s);
    x.say_raw(frame_type::output, 1, "x");
    x.work.advance(4s);
    CHECK(x.info().state == runner_state::up);
    expect(2s, stage::terminate);
  }
  SECTION("an end, and who keeps sending has no more than twice the time") {
    x.session->kill();
    for (auto i = 0; i < 9; ++i) {
      x.work.advance(1s);
      x.say_raw(frame_type::output, 1, "x");
    }
    expect(1s, stage::terminate);
  }
  SECTION("an end that was asked for") {
    x.session->kill();
    expect(5s, stage::terminate);
  }
  SECTION("the rest of an end") {
    x.say(frame_type::exited, 1, protocol::exited{{}, true});
    last = "finished";
    expect(20s, stage::terminate);
  }
  SECTION("what is met is forgotten") {
    x.session->kill();
    x.session->signal(1, signal_name::hangup);
    x.work.run();
    x.say(frame_type::answered, 1, protocol::answered{1, true, {}});
    x.say(frame_type::exited, 1, protocol::exited{{}, true});
    x.say(frame_type::closed, 1, protocol::closed{true});
    x.work.advance(1min);
    CHECK(x.info().state == runner_state::up);
  }
}

TEST_CASE("a silent runner is asked, then given up", "[runner][protocol]") {
  runner_options options;
  options.ping_interval = 5s;
  options.pong_timeout = 10s;
  running x{options};
  SECTION("and is killed if it stays silent") {
    x.work.advance(10s);
    CHECK(x.take_sent() == lines{"ping"});
    x.work.advance(10s);
    CHECK(x.info().why.code == errc::runner_lost);
    CHECK(x.process->killed);
    CHECK(x.events == lines{"finished, not drained"});
  }
  SECTION("unless it answers") {
    for (auto i = 0; i < 10; ++i) {
      x.work.advance(7s);
      if (!x.take_sent().empty())
        x.say_raw(frame_type::pong, 0, "");
    }
    CHECK(x.info().state == runner_state::up);
  }
  SECTION("or says anything else") {
    for (auto i = 0; i < 10; ++i) {
      x.work.advance(4s);
      x.say_raw(frame_type::output, 1, "x");
    }
    CHECK(x.info().state == runner_state::up);
  }
  SECTION("and not while it was we who slept") {
    x.work.advance(10s);
    x.work.oversleep(1h);
    CHECK(x.info().state == runner_state::up);
    x.say_raw(frame_type::pong, 0, "");
    x.work.advance(10s);
    CHECK(x.info().state == runner_state::up);
  }
}

TEST_CASE("input goes as far as the runner takes it", "[runner][input]") {
  running x;
  auto chunk = std::string(protocol::input_window, 'x');
  x.session->write(chunk);
  x.session->write(chunk);
  x.session->close_stdin();
  auto frames = lines(4, "input of 1");
  CHECK(x.take_sent() == frames);
  x.session->terminate(signal_name::terminate);
  CHECK(x.take_sent() == lines{"terminate of 1"});
  x.say(frame_type::input_credit, 1, protocol::credit{max_data_body});
  CHECK(x.take_sent() == lines{"input of 1"});
  x.say(frame_type::input_credit, 1, protocol::credit{protocol::input_window});
  CHECK(x.take_sent()
        == lines{"input of 1", "input of 1", "input of 1", "close_input of 1"});
}

TEST_CASE("too many requests of a session are refused, not queued",
          "[runner][limits]") {
  running x;
  for (std::uint64_t i = 1; i <= remote_session::max_asked + 1; ++i)
    x.session->signal(i, signal_name::hangup);
  x.work.run();
  CHECK(x.events == lines{"answered 257"});
  CHECK(x.take_sent().size() == remote_session::max_asked);
}

TEST_CASE("a runner that leaves says so, and is followed to its end",
          "[runner][ending]") {
  running x;
  SECTION("by a goodbye") {
    x.say(frame_type::goodbye, 0,
          protocol::goodbye{
            {errc::protocol_violation, {stage::channel, 0, "nonsense"}}});
    CHECK(x.info().why.code == errc::protocol_violation);
    CHECK(x.info().why.detail.text
          == "the runner said goodbye: protocol_violation at channel: "
             "nonsense");
  }
  SECTION("by its process alone") {
    x.process->exits(by_signal(9));
    x.say_raw(frame_type::output, 1, "late");
    x.work.advance(1s);
    CHECK(x.info().why.detail.text
          == "the runner ended: killed by signal 9 (Killed)");
    CHECK(x.events == lines{"out late", "finished, not drained"});
  }
  SECTION("by its channel alone") {
    x.channel.cut(side::left);
    x.work.advance(1s);
    CHECK(x.process->killed);
    CHECK(x.info().why.detail.text == "the channel ended");
  }
  SECTION("because we stop it") {
    x.connection->stop();
    x.work.run();
    CHECK(x.take_sent() == lines{"goodbye"});
    x.process->exits({});
    x.work.run();
    CHECK(x.info().state == runner_state::down);
    CHECK(x.info().why.detail.text == "the runner was stopped");
    CHECK(x.events == lines{"finished, not drained"});
  }
}

TEST_CASE("answers for sessions that are gone are not waited for",
          "[runner][protocol]") {
  runner_options options;
  options.kill_timeout = 5s;
  options.ping_interval = 1h;
  running x{options};
  x.session->signal(1, signal_name::hangup);
  x.work.run();
  x.session.reset();
  x.work.advance(10s);
  CHECK(x.info().state == runner_state::up);
  x.say(frame_type::answered, 1, protocol::answered{1, true, {}});
  x.say(frame_type::closed, 1, protocol::closed{});
  CHECK(x.info().state == runner_state::up);
}

TEST_CASE("a session that is abandoned is ended, and its runner forgiven",
          "[runner][ending]") {
  running x;
  x.session.reset();
  CHECK(x.take_sent() == lines{"abandon of 1"});
  SECTION("whatever crosses") {
    x.say_raw(frame_type::output, 1, "x");
    x.say(frame_type::exited, 1, protocol::exited{});
    x.say(frame_type::closed, 1, protocol::closed{});
    CHECK(x.info().state == runner_state::up);
    CHECK(x.events.empty());
  }
  SECTION("but not if it keeps it") {
    x.work.advance(10s);
    x.say_raw(frame_type::pong, 0, "");
    x.work.advance(10s);
    CHECK(x.info().why.detail.at == stage::terminate);
  }
}
