/// The runner's end of a channel to a hostile parent: the script decides what
/// the parent sends, what the children do, how the bytes arrive and how time
/// passes.

#include "harness.hpp"
#include "procession/runner/host/runner_host.hpp"
#include "reported.hpp"

#include <algorithm>

namespace {

using namespace procession;
using fuzz::expect;
using test::side;

constexpr std::size_t limit = 4;

/// The most that all children write: memory is the limit, not time.
constexpr std::size_t max_output = 4 * 1024 * 1024;

constexpr std::array<std::uint64_t, 4> pauses{1, 1999, 2000, 30000};

class world : public fuzz::harness {
public:
  explicit world(fuzz::input in) : harness(in, side::right) {
    // nop
  }

private:
  void begin() override {
    auto mode = in_.byte();
    runner_host_options options;
    options.identity.pid = 4712;
    options.identity.user = "somebody";
    if ((mode & 1) != 0)
      options.identity.nonce = "secret";
    options.max_sessions = limit;
    host_ = std::make_unique<runner_host>(
      work_, children_, std::move(options), [this, mode](const failure& why) {
        ++ended_;
        expect(within(why), "an end has its reason");
        for (auto& x : children_->puppets)
          expect(x->destroyed(), "at the end no child is left");
        // Its owner may destroy it.
        if ((mode & 2) != 0)
          host_ = nullptr;
      });
    host_->start(wire_.end(side::right));
    if ((mode & 4) == 0)
      say_hello("secret");
    settle(mode);
  }

  static bool within(const failure& x) {
    return x.code == errc::runner_lost || x.code == errc::protocol_violation
           || x.code == errc::deadline_passed;
  }

  void step() override {
    auto what = in_.byte();
    auto which = what & 0x3f;
    if (which < 32)
      of_parent(which);
    else if (which < 48)
      of_child(which);
    else if (which < 56)
      of_wire(which - 48);
    else
      pass_time(pauses, which == 63);
    settle(what);
  }

  /// Posted work may meet the next step.
  void settle(int what) {
    if ((what & 0x80) == 0)
      work_->run();
    // The parent need not read at once either.
    if ((what & 0x40) == 0)
      listen();
  }

  void hear(std::string_view bytes) override {
    reported_.hear(bytes);
  }

  // -- the parent -------------------------------------------------------------

  void say_hello(std::string nonce) {
    protocol::hello x;
    x.nonce = std::move(nonce);
    say(frame_type::hello, 0, protocol::encode(x));
  }

  void spawn(std::uint64_t number) {
    protocol::spawn x;
    x.spec.program = "x";
    x.spec.stdio.kind = static_cast<stdio_kind>(in_.below(3));
    x.credit = in_.one_of(sizes);
    say(frame_type::spawn, number, protocol::encode(x));
  }

  void of_parent(int which) {
    if (which < 3)
      return spawn(++last_number_);
    auto to = last_number_
              - std::min<std::uint64_t>(in_.below(8), last_number_);
    switch (which) {
      case 3:
        return spawn(to);
      case 4:
        last_number_ += in_.number(8) >> 1;
        return spawn(++last_number_);
      case 5:
      case 6:
      case 7: {
        auto n = std::min<std::size_t>(in_.one_of(sizes), max_data_body + 1);
        return say(frame_type::input, to, std::string(n, 'i'));
      }
      case 8:
        return say(frame_type::close_input, to);
      case 9: {
        protocol::resize x;
        x.request = in_.byte();
        x.size.rows = in_.byte();
        return say(frame_type::resize, to, protocol::encode(x));
      }
      case 10: {
        protocol::signal x;
        x.request = in_.byte();
        x.name = static_cast<signal_name>(in_.below(8));
        return say(frame_type::signal, to, protocol::encode(x));
      }
      case 11:
        return say(frame_type::terminate, to,
                   protocol::encode(protocol::terminate{
                     static_cast<signal_name>(in_.below(8))}));
      case 12:
        return say(frame_type::kill, to);
      case 13:
      case 14:
        return say(frame_type::finish, to);
      case 15:
      case 16: {
        auto n = in_.flag() ? in_.one_of(sizes) : in_.number(8);
        return say(frame_type::output_credit, to,
                   protocol::encode(protocol::credit{n}));
      }
      case 17:
      case 18:
        reported_.abandoned(to);
        return say(frame_type::abandon, to);
      case 19:
        reported_.anything();
        return say_anything(to);
      case 20:
        reported_.anything();
        return wire_.inject(side::right, in_.bytes(in_.byte()));
      case 21:
        return say(frame_type::goodbye, to, in_.bytes(in_.byte() % 32));
      case 22:
      case 23:
        return say(frame_type::ping, 0);
      case 24:
        return say(frame_type::pong, to, in_.bytes(in_.byte() % 2));
      case 25:
        return say_hello("secret");
      case 26:
        return say_hello(std::string{in_.bytes(in_.byte() % 8)});
      case 27:
        reported_.anything();
        return say_large(to);
      default:
        // Many frames at once.
        for (int i = 0; i < 100; ++i)
          say(frame_type::ping, 0);
    }
  }

  // -- the children -----------------------------------------------------------

  void of_child(int which) {
    auto& all = children_->puppets;
    if (all.empty())
      return;
    auto& x = *all[all.size() - 1
                   - in_.below(std::min<std::size_t>(all.size(), limit + 2))];
    switch (which) {
      case 32:
      case 33:
        return x.start();
      case 34:
        return x.fail_to_start();
      case 35:
      case 37: {
        auto n = in_.one_of(sizes);
        if (output_ + n > max_output)
          return;
        output_ += n;
        return x.output(which == 37 ? stream_kind::err : stream_kind::out, n);
      }
      case 36:
        return x.stop_or_go_on();
      case 38:
        return x.take_input(in_.one_of(sizes));
      case 39:
        return x.refuse_input(in_.one_of(sizes));
      case 40:
        return x.break_input();
      case 41:
        return x.answer();
      case 42:
        return x.notify();
      case 43:
      case 44:
        return x.exit(which == 43);
      case 45:
      case 46:
        return x.finish(which == 45);
      default:
        return x.forget();
    }
  }

  // -- the rest of the world --------------------------------------------------

  void of_wire(int which) {
    if (which == corruption)
      reported_.anything();
    disturb_wire(which);
  }

  void end() override {
    work_->run();
    listen();
    if (in_.flag())
      wire_.cut(side::right);
    else
      say(frame_type::goodbye, 0);
    // An incomplete frame may come before the goodbye, or held bytes do not
    // arrive: then only the end of the stream ends the host.
    wire_.flow(side::right);
    work_->run();
    wire_.cut(side::right);
    for (int i = 0; i < 4; ++i) {
      work_->advance(std::chrono::seconds{10});
      listen();
    }
    expect(ended_ == 1, "the end is told once");
    for (auto& x : children_->puppets) {
      expect(x->destroyed(), "at the end no child is left");
      x->start();
      x->output(stream_kind::out, 1);
      x->exit(true);
      x->finish(true);
    }
    work_->run();
    host_ = nullptr;
    listen();
    for (auto& x : children_->puppets) {
      x->answer();
      x->forget();
    }
    work_->run();
    expect(wire_.closed(side::right), "the channel is closed");
    check_idle();
  }

  std::shared_ptr<fuzz::puppet_factory> children_
    = std::make_shared<fuzz::puppet_factory>(limit);
  fuzz::reported reported_{*children_};
  std::unique_ptr<runner_host> host_;
  std::uint64_t last_number_ = 0;
  std::size_t output_ = 0;
  int ended_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  world{fuzz::input{data, size}}.run();
  return 0;
}
