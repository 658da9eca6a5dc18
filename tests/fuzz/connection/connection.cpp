/// The parent's end of a channel to a hostile runner: the script decides what
/// the runner sends, what the sessions ask for, how the bytes arrive, what
/// happens to the process and how time passes.

#include "harness.hpp"
#include "overheard.hpp"
#include "procession/runner/parent/runner_connection.hpp"
#include "puppet_process.hpp"
#include "watched_session.hpp"

#include <vector>

namespace {

using namespace procession;
using fuzz::expect;
using test::side;

constexpr std::size_t max_sessions = 16;

/// The most that our sessions write: memory is the limit, not time.
constexpr std::size_t max_written = 4 * 1024 * 1024;

constexpr std::array<std::uint64_t, 8> pauses{1,     999,   5000,  9999,
                                              10000, 15000, 20000, 8000};

class world : public fuzz::harness {
public:
  explicit world(fuzz::input in) : harness(in, side::left) {
    // nop
  }

private:
  void begin() override {
    auto mode = in_.byte();
    runner_options options;
    if ((mode & 1) != 0)
      options.command = {"lead", "the", "way"};
    auto connection = runner_connection::make(
      work_, std::move(options), "secret", [this](const runner_info& x) {
        expect(x.state >= state_, "the state of a runner moves down the list");
        state_ = x.state;
      });
    connection_ = connection;
    connection->start(process_.make());
    children_ = make_children(work_, [connection] { return connection; });
    dutiful_ = (mode & 2) != 0;
    if ((mode & 4) != 0)
      add_session();
    if ((mode & 8) != 0)
      return;
    // Most interesting states come after this.
    process_.launch();
    process_.connect(wire_.end(side::left));
    say_hello("secret");
    settle();
  }

  void step() override {
    auto what = in_.byte();
    auto which = what & 0x3f;
    if (which < 16)
      of_session(which);
    else if (which < 40)
      of_runner(which);
    else if (which < 48)
      disturb_wire(which - 40);
    else if (which < 56)
      of_process(which);
    else
      pass_time(pauses, which == 63);
    // Posted work may meet the next step.
    if ((what & 0x80) == 0)
      settle();
    listen();
  }

  void settle() {
    work_->run();
    if (dutiful_ && process_.killed()) {
      process_.end();
      work_->run();
    }
  }

  void hear(std::string_view bytes) override {
    said_.hear(bytes);
  }

  void add_session() {
    if (sessions_.size() == max_sessions)
      return;
    sessions_.push_back(
      std::make_unique<fuzz::watched_session>(children_->make_child(), [this] {
        return state_ == runner_state::down;
      }));
    auto kind = static_cast<stdio_kind>(in_.below(3));
    sessions_.back()->start(kind, in_.one_of(sizes));
  }

  void of_session(int which) {
    if (which < 2)
      return add_session();
    if (sessions_.empty())
      return;
    auto& x = *sessions_[in_.below(sessions_.size())];
    switch (which) {
      case 2:
        return x.grant(in_.one_of(sizes));
      case 3:
      case 4: {
        auto n = in_.one_of(sizes);
        if (written_ + n <= max_written)
          x.write(n);
        written_ += n;
        return;
      }
      case 5:
        return x.close_stdin();
      case 6:
        return x.resize();
      case 7:
        return x.signal(static_cast<signal_name>(in_.below(7)));
      case 8:
        return x.terminate();
      case 9:
        return x.kill();
      case 10:
        return x.finish();
      case 11:
        return x.abandon();
      case 12:
        // More than the limit.
        for (int i = 0; i < 300; ++i)
          x.resize();
        return;
      case 13:
        if (auto connection = connection_.lock())
          expect(connection->sessions() <= sessions_.size(),
                 "a session is counted once");
        return;
      case 14:
        if (auto connection = connection_.lock())
          connection->stop();
        return;
      default:
        return;
    }
  }

  // -- the runner -------------------------------------------------------------

  void say_hello(std::string nonce) {
    protocol::hello x;
    x.nonce = std::move(nonce);
    x.pid = 4712;
    x.user = "somebody";
    say(frame_type::hello, 0, protocol::encode(x));
  }

  failure some_failure() {
    return {static_cast<errc>(in_.byte()),
            {static_cast<stage>(in_.byte()), 0, "it failed"}};
  }

  void of_runner(int which) {
    // Numbers start at 1.
    auto to = in_.below(sessions_.size() + 2) + (which < 36 ? 1 : 0);
    switch (which) {
      case 16:
      case 17:
        return say(frame_type::spawned, to,
                   protocol::encode(protocol::spawned{4713, {}}));
      case 18:
        if (in_.flag())
          return say(frame_type::continued, to);
        return say(frame_type::stopped, to,
                   protocol::encode(protocol::stopped{in_.byte()}));
      case 19:
        return say(frame_type::spawn_failed, to,
                   protocol::encode(protocol::failed{some_failure()}));
      case 20:
      case 21:
      case 22: {
        auto n = std::min<std::size_t>(in_.one_of(sizes), max_data_body + 1);
        auto body = std::string(n, static_cast<char>(in_.byte()));
        return say(frame_type::output, to, body, which == 22 ? 1 : 0);
      }
      case 23:
      case 24: {
        auto n = in_.one_of(sizes);
        said_.credited(to, n);
        if (which == 24 && in_.flag())
          return say(
            frame_type::input_refused, to,
            protocol::encode(protocol::input_refused{n, some_failure()}));
        return say(frame_type::input_credit, to,
                   protocol::encode(protocol::credit{n}));
      }
      case 25:
        return say(frame_type::input_broken, to,
                   protocol::encode(protocol::failed{some_failure()}));
      case 26:
      case 27: {
        protocol::answered x;
        x.request = in_.byte();
        x.done = (x.request & 1) != 0;
        return say(frame_type::answered, to, protocol::encode(x));
      }
      case 28:
      case 29: {
        protocol::exited x;
        x.drained = which == 28;
        return say(frame_type::exited, to, protocol::encode(x));
      }
      case 30:
      case 31:
        return say(
          frame_type::closed, to,
          protocol::encode(protocol::closed{which == 30, {in_.byte(), 0}}));
      case 32:
        return say_anything(to);
      case 33:
        raw(in_.bytes(in_.byte()));
        return;
      case 34:
        return say(frame_type::goodbye, 0,
                   protocol::encode(protocol::goodbye{some_failure()}));
      case 35:
        return say(frame_type::pong, 0);
      case 36:
        return say(frame_type::ping, to, in_.bytes(to));
      case 37:
        return say_hello(std::string{in_.bytes(in_.byte() % 8)});
      case 38:
        return say_hello("secret");
      default:
        return say_large(to);
    }
  }

  void raw(std::string_view bytes) {
    // The bytes may be credit that the test does not see.
    for (std::uint64_t i = 0; i <= max_sessions; ++i)
      said_.credited(i, max_written);
    wire_.inject(side::left, bytes);
  }

  // -- the rest of the world --------------------------------------------------

  void of_process(int which) {
    switch (which) {
      case 48:
        return process_.launch();
      case 49:
        return process_.fail_to_launch();
      case 50:
        return process_.connect(wire_.end(side::left));
      case 51:
        return process_.say(std::string(in_.number(2), '\x1b') + "what?\n");
      case 52:
        return process_.exit();
      case 53:
        return process_.leave();
      default:
        process_.launch();
        return process_.connect(wire_.end(side::left));
    }
  }

  void end() override {
    settle();
    listen();
    if (in_.flag())
      process_.end();
    // A runner that still owes something is given up in the end.
    for (int i = 0; i < 24; ++i) {
      work_->advance(std::chrono::seconds{10});
      settle();
      listen();
    }
    expect(state_ == runner_state::down, "every runner goes down");
    expect(process_.destroyed(), "nothing is left of the runner's process");
    children_ = nullptr;
    for (auto& x : sessions_)
      x->check_end();
    sessions_.clear();
    work_->run();
    expect(connection_.expired(), "nothing is left of the connection");
    check_idle();
  }

  fuzz::puppet_process process_;
  fuzz::overheard said_;
  runner_state state_ = runner_state::launching;
  std::weak_ptr<runner_connection> connection_;
  std::shared_ptr<child_factory> children_;
  std::vector<std::unique_ptr<fuzz::watched_session>> sessions_;
  std::size_t written_ = 0;
  /// The process ends as soon as it is killed.
  bool dutiful_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  world{fuzz::input{data, size}}.run();
  return 0;
}
