#include "runner_stage.hpp"

#include <algorithm>
#include <functional>

using namespace procession;
using namespace procession::test;

namespace {

/// What can happen to a frame on its way.
enum class fault {
  none,
  /// The channel ends before it.
  cut,
  /// The channel ends in the midst of it.
  halved,
  /// It is lost.
  lost,
  /// It comes twice.
  doubled,
  /// A byte of its header is changed.
  garbled,
  /// The runner is killed before it.
  killed,
  /// Nothing more comes, and the channel does not end.
  silence,
};

/// The whole life of a session on a terminal, one event at a time, as far as it
/// gets.
class life {
public:
  explicit life(far_theatre& x) : stage(x), watcher(x.t) {
    auto spec = cat_on_terminal();
    spec.limits.retention = 1h;
    made = watcher.begin(spec);
  }

  /// Takes the next step that is due. @returns whether there was one.
  bool step() {
    auto happened = false;
    auto once = [&](std::size_t number, bool due,
                    const std::function<void()>& f) {
      if (due && number == done) {
        ++done;
        f();
        happened = true;
      }
    };
    auto plays = stage.scripts->scripts.size() == 1
                 && !stage.scripts->scripts[0]->destroyed();
    auto* child = plays ? stage.scripts->scripts[0].get() : nullptr;
    auto asked = [&](const char* call) {
      return child != nullptr && child->count(call) == 1;
    };
    once(0, asked("start"), [&] {
      child->started();
      child->out("hello ");
    });
    once(1, !made.pending() && made.error() == caf::none, [&] {
      hdl = made.value();
      watcher.post_subscribe(hdl, {});
      resized = watcher.post<caf::unit_t>(hdl, resize_atom_v,
                                          terminal_size{30, 100});
      written = watcher.post<std::uint64_t>(hdl, write_atom_v,
                                            shared_bytes{"abc"});
      closed = watcher.post<caf::unit_t>(hdl, close_stdin_atom_v);
    });
    once(2,
         asked("write abc") && asked("close_stdin")
           && asked("resize #1 30x100"),
         [&] {
           child->answered(1);
           child->stdin_taken(3);
           child->out("world");
         });
    once(3, child != nullptr, [&] {
      child->both_ended();
      child->exited(exit_code(3));
      child->finished();
    });
    return happened;
  }

  far_theatre& stage;
  peer watcher;
  reply<session> made;
  session hdl;
  reply<caf::unit_t> resized;
  reply<std::uint64_t> written;
  reply<caf::unit_t> closed;
  std::size_t done = 0;
};

/// Plays a life, one frame at a time, with a fault at the frame of that number.
/// @returns the number of frames.
std::size_t play(fault what, std::size_t at, std::size_t byte = 0) {
  far_theatre x;
  for (auto to : {side::left, side::right})
    x.channel->hold(to);
  std::size_t frames = 0;
  {
    life it{x};
    auto silent = false;
    for (auto idle = 0; idle < 2;) {
      x.t.run();
      auto moved = it.step();
      for (auto to : {side::left, side::right}) {
        x.t.run();
        auto size = first_frame(x.channel->under_way(to));
        if (size == 0 || silent)
          continue;
        moved = true;
        if (frames++ == at)
          switch (what) {
            case fault::none:
              break;
            case fault::cut:
              x.channel->cut(to);
              continue;
            case fault::halved:
              x.channel->deliver(to, size / 2);
              x.channel->cut(to);
              continue;
            case fault::lost: {
              auto rest = x.channel->under_way(to).substr(size);
              x.channel->take(to);
              x.channel->inject(to, rest);
              continue;
            }
            case fault::doubled: {
              auto copy = x.channel->under_way(to).substr(0, size);
              auto rest = x.channel->take(to).substr(size);
              x.channel->inject(to, copy + copy + rest);
              break;
            }
            case fault::garbled:
              x.channel->corrupt(to, byte, 0x40);
              break;
            case fault::killed:
              x.kill_runner();
              continue;
            case fault::silence:
              silent = true;
              continue;
          }
        x.channel->deliver(to, size);
      }
      idle = moved ? 0 : idle + 1;
    }
    x.advance(60s);
    while (it.step())
      x.advance(60s);
    INFO("fault " << static_cast<int>(what) << " at frame " << at << ", byte "
                  << byte);
    // Every request was answered, and every subscriber was told of the end.
    CHECK_FALSE(it.made.pending());
    if (it.hdl) {
      CHECK_FALSE(it.resized.pending());
      CHECK_FALSE(it.written.pending());
      CHECK_FALSE(it.closed.pending());
      CHECK(it.watcher.done());
      auto whole = std::string{"hello world"};
      // A frame that claims to be longer swallows the frames after it, as if
      // they were text of the runner's choice.
      if (what != fault::garbled)
        CHECK(whole.substr(0, it.watcher.out().size()) == it.watcher.out());
      auto status = it.watcher.ask<exit_status>(it.hdl, wait_atom_v).value();
      if (what == fault::none) {
        CHECK(it.watcher.out() == whole);
        CHECK(status.code == 3);
      }
    }
    // A disturbed life takes its runner along, so no runner stays.
    if (it.watcher.out() != "hello world" && what != fault::none)
      CHECK(x.runner_gone());
    if (x.runner_gone())
      for (auto& script : x.scripts->scripts)
        CHECK(script->destroyed());
  }
  return frames;
}

} // namespace

TEST_CASE("a session in a runner lives as one here does", "[runner]") {
  far_theatre x;
  peer watcher{x.t};
  auto made = watcher.begin(cat());
  auto& child = x.t.child();
  child.started(4712);
  x.t.run();
  auto hdl = made.value();
  CHECK(watcher.info(hdl).pid == 4712);
  CHECK(watcher.info(hdl).containment == containment_kind::cgroup);
  REQUIRE_FALSE(watcher.subscribe(hdl).error());
  child.out("abc");
  child.err("def");
  auto written = watcher.ask<std::uint64_t>(hdl, write_atom_v,
                                            shared_bytes{"input"});
  CHECK(written.pending());
  child.stdin_taken(5);
  x.t.run();
  CHECK(written.value() == 5);
  child.both_ended();
  child.exited(exit_code(7));
  child.finished();
  x.t.run();
  CHECK(watcher.take_events()
        == lines{"1 out@0 abc", "2 err@0 def", "3 exited exit code 7",
                 "4 closed complete"});
}

TEST_CASE("a failed start in a runner has its stage and text",
          "[runner][start]") {
  far_theatre x;
  peer watcher{x.t};
  auto made = watcher.begin(cat());
  x.t.child().start_failed(errc::cwd_not_found, stage::chdir, "no such place");
  x.t.run();
  CHECK(made.is(errc::cwd_not_found));
  CHECK(detail_of(made.error()).at == stage::chdir);
  CHECK(detail_of(made.error()).text == "no such place");
}

TEST_CASE("a disturbed frame makes no one wait for ever",
          "[runner][protocol]") {
  auto frames = play(fault::none, 0);
  CHECK(frames >= 11);
  for (auto what : {fault::cut, fault::halved, fault::lost, fault::doubled,
                    fault::killed, fault::silence})
    for (std::size_t at = 0; at < frames; ++at)
      play(what, at);
}

TEST_CASE("a wrong byte in a header makes no one wait for ever",
          "[runner][protocol]") {
  auto frames = play(fault::none, 0);
  for (std::size_t at = 0; at < frames; ++at)
    for (std::size_t byte = 0; byte < frame_header_size; ++byte)
      play(fault::garbled, at, byte);
}

TEST_CASE("credit goes all the way to the child, and holds it back",
          "[runner][protocol]") {
  far_theatre x;
  peer watcher{x.t};
  auto made = watcher.begin(cat());
  auto& child = x.t.child();
  child.started();
  x.t.run();
  auto hdl = made.value();
  watcher.subscribe(hdl, {{}, 1000, delivery::lossless});
  auto total = std::uint64_t{0};
  // Until its credit is used up.
  while (child.credit() > 0) {
    auto n = std::min<std::uint64_t>(child.credit(), 60'000);
    child.out(std::string(n, 'x'));
    total += n;
    x.t.run();
  }
  CHECK(watcher.info(hdl).paused);
  CHECK(total < 2u << 20);
  CHECK(watcher.received() == 1000);
  watcher.ack(hdl, 1000);
  CHECK(watcher.received() == 2000);
  watcher.acknowledge_always();
  watcher.ack(hdl, 1000);
  x.t.run();
  CHECK(watcher.received() == total);
  CHECK(child.credit() > 0);
}

TEST_CASE("many sessions share a runner, each with its own life", "[runner]") {
  far_theatre x;
  peer watcher{x.t};
  std::vector<reply<session>> made;
  for (auto i = 0; i < 20; ++i)
    made.push_back(watcher.begin(cat()));
  REQUIRE(x.t.children() == 20);
  for (std::size_t i = 0; i < 20; ++i)
    x.t.child(i).started(static_cast<std::int64_t>(i) + 1);
  x.t.run();
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(watcher.info(made[i].value()).pid
          == static_cast<std::int64_t>(i) + 1);
    x.t.child(i).both_ended();
    x.t.child(i).exited(exit_code(static_cast<std::uint32_t>(i)));
    x.t.child(i).finished();
  }
  x.t.run();
  for (std::size_t i = 0; i < 20; ++i)
    CHECK(watcher.ask<exit_status>(made[i].value(), wait_atom_v).value().code
          == i);
  CHECK(watcher.ask<runner_info>(x.hdl, info_atom_v).value().sessions == 0);
}

TEST_CASE("a host ends with its channel, and all its children with it",
          "[runner][ending]") {
  far_theatre x;
  peer watcher{x.t};
  auto made = watcher.begin(cat());
  x.t.child().started();
  x.t.run();
  SECTION("when the channel ends") {
    x.channel->cut(side::right);
    x.t.run();
    CHECK(x.host_ends.front().code == errc::runner_lost);
  }
  SECTION("when the parent talks nonsense") {
    x.channel->inject(side::right, std::string(100, 'x'));
    x.t.run();
    x.advance(3s);
    CHECK(x.host_ends.front().code == errc::protocol_violation);
    // The parent has been told as well.
    auto why = watcher.ask<exit_status>(made.value(), wait_atom_v).value();
    CHECK(why.cause == exit_cause::runner_lost);
  }
  CHECK(x.host_ends.size() == 1);
  CHECK(x.t.child().destroyed());
  CHECK(x.runner_gone());
}

TEST_CASE("credit comes before the end of what it is for",
          "[runner][protocol]") {
  far_theatre x;
  peer watcher{x.t};
  auto made = watcher.begin(cat());
  auto& child = x.t.child();
  child.started();
  x.t.run();
  auto hdl = made.value();
  // The runner's next write stalls, so that more adds up after it.
  x.channel->limit(side::left, 0);
  child.out("flood");
  auto written = watcher.ask<std::uint64_t>(hdl, write_atom_v,
                                            shared_bytes{"abc"});
  child.stdin_taken(2);
  x.t.run();
  SECTION("an input that breaks") {
    child.stdin_broken();
    x.t.run();
    x.channel->limit(side::left, wire::all);
    x.t.run();
    CHECK(written.is(errc::stdin_closed));
  }
  SECTION("a session that is abandoned") {
    caf::anon_send_exit(hdl, caf::exit_reason::kill);
    x.t.run();
    x.channel->limit(side::left, wire::all);
    x.t.run();
    CHECK(child.destroyed());
  }
  CHECK(watcher.ask<runner_info>(x.hdl, info_atom_v).value().state
        == runner_state::up);
}
