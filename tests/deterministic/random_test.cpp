#include "theatre.hpp"

#include <array>

using namespace procession;
using namespace procession::test;

namespace {

/// Plays a session in which all actors act at random, message by message.
class improvisation {
public:
  explicit improvisation(unsigned seed)
    : chance_(seed), owner_(theatre_), reader_(theatre_) {
    auto spec = cat();
    spec.limits.retained = pick(3) == 0 ? pick(8) : pick(4096);
    spec.unsubscribed = pick(2) == 0 ? unsubscribed_policy::retain
                                     : unsubscribed_policy::pause;
    session_ = owner_.spawn(spec);
    terms_[0].mode = delivery::lossless;
    for (auto& x : seats_)
      x = std::make_unique<peer>(theatre_);
  }

  void play() {
    for (auto i = 0; i < 2000; ++i)
      act();
    end();
  }

private:
  /// Returns a number from 0 to `n` - 1.
  unsigned pick(unsigned n) {
    return static_cast<unsigned>(chance_() % n);
  }

  void act() {
    switch (pick(8)) {
      case 0:
        bring();
        break;
      case 1:
        come_or_go(pick(seats));
        break;
      case 2:
        acknowledge(pick(seats));
        break;
      case 3:
        read();
        break;
      default:
        theatre_.run_any(chance_);
    }
  }

  void bring() {
    auto n = std::min<std::uint64_t>(theatre_.child().credit(),
                                     1 + pick(pick(20) == 0 ? 60000 : 50));
    if (n == 0)
      return;
    auto& text = pick(3) == 0 ? err_ : out_;
    auto begin = text.size();
    for (std::uint64_t i = 0; i < n; ++i)
      text += static_cast<char>(pick(256));
    auto bytes = shared_bytes{text.substr(begin)};
    if (&text == &out_)
      theatre_.child().out(std::move(bytes));
    else
      theatre_.child().err(std::move(bytes));
  }

  void come_or_go(unsigned i) {
    if (!seated_[i]) {
      // Announced output exists, so this is not past the end.
      auto known = owner_.position();
      terms_[i].from = {pick(static_cast<unsigned>(known.out) + 1),
                        pick(static_cast<unsigned>(known.err) + 1)};
      terms_[i].window = 1 + pick(pick(2) == 0 ? 10 : 9000);
      terms_[i].mode = pick(2) == 0 ? delivery::lossless : delivery::lossy;
      seats_[i]->post_subscribe(session_, terms_[i]);
      seated_[i] = true;
    } else if (pick(4) == 0) {
      check(i);
      if (pick(2) == 0)
        seats_[i]->die();
      seats_[i] = std::make_unique<peer>(theatre_);
      seated_[i] = false;
    }
  }

  void acknowledge(unsigned i) {
    if (seated_[i])
      seats_[i]->post_ack(session_, 1 + pick(9000));
  }

  void read() {
    if (!reading_) {
      reading_ = reader_.post<page>(session_, read_atom_v, at_,
                                    std::uint64_t{1 + pick(5000)},
                                    caf::timespan{1h});
    } else if (!reading_->pending()) {
      auto& x = reading_->value();
      for (auto& y : x.gaps)
        read_[y.stream] += y.to - y.from;
      for (auto& y : x.outputs) {
        auto& text = y.stream == stream_kind::out ? out_ : err_;
        CHECK(text.compare(y.offset, y.bytes.size(), y.bytes.text()) == 0);
        read_[y.stream] += y.bytes.size();
      }
      CHECK(read_ == x.next);
      at_ = x.next;
      reading_.reset();
    }
  }

  void check(unsigned i) {
    CHECK(seats_[i]->got_only(out_, err_));
  }

  /// Lets all actors take the rest; then all that was sent must have arrived.
  void end() {
    for (auto& x : seats_)
      x->acknowledge_always();
    for (auto i = 0u; i < seats; ++i) {
      while (!seated_[i])
        come_or_go(i);
      seats_[i]->post_ack(session_, ~std::uint64_t{0});
    }
    theatre_.child().both_ended();
    theatre_.child().exited();
    while (theatre_.run_any(chance_)) {
      // Chance picks the next message.
    }
    theatre_.child().finished();
    theatre_.run();
    auto all = cursor{out_.size(), err_.size()};
    for (auto i = 0u; i < seats; ++i) {
      CAPTURE(i, terms_[i].mode, terms_[i].from, terms_[i].window);
      check(i);
      CHECK(seats_[i]->done());
      CHECK(seats_[i]->position() == all);
    }
    CHECK(owner_.info(session_).produced == all);
  }

  static constexpr unsigned seats = 4;

  std::minstd_rand chance_;
  theatre theatre_;
  peer owner_;
  peer reader_;
  session session_;
  std::array<std::unique_ptr<peer>, seats> seats_;
  std::array<subscription, seats> terms_;
  std::array<bool, seats> seated_{};
  std::string out_;
  std::string err_;
  std::optional<reply<page>> reading_;
  cursor at_;
  cursor read_;
};

} // namespace

TEST_CASE("all subscribers and readers get what was sent, at any speed",
          "[subscription][output]") {
  auto seed = GENERATE(range(1u, PROCESSION_MANY_PLAYS + 1u));
  CAPTURE(seed);
  improvisation{seed}.play();
}

TEST_CASE("a lossless stream is the same however messages cross",
          "[subscription][output]") {
  auto seed = GENERATE(range(1u, PROCESSION_MANY_PLAYS + 1u));
  CAPTURE(seed);
  std::minstd_rand chance{seed};
  theatre t;
  peer owner{t};
  peer other{t};
  auto spec = cat();
  spec.limits.retained = chance() % 300;
  auto hdl = owner.spawn(spec);
  owner.acknowledge_always();
  owner.subscribe(hdl, {{}, 1 + chance() % 100, delivery::lossless});
  other.acknowledge_always();
  std::string sent;
  auto exits_at = chance() % 300;
  for (auto i = 0u; i < 300; ++i) {
    for (auto n = chance() % 4; n > 0; --n)
      t.run_any(chance);
    if (i == 100)
      other.post_subscribe(hdl, {{}, 64 * 1024, delivery::lossy});
    if (i == exits_at)
      t.child().exited();
    auto n = std::min<std::uint64_t>(t.child().credit(), 1 + chance() % 200);
    if (n == 0)
      continue;
    auto text = std::string(n, static_cast<char>('a' + i % 26));
    sent += text;
    t.child().out(text);
  }
  t.child().both_ended();
  t.run();
  t.child().finished();
  t.run();
  // In parentheses: both sides are too long to print.
  CHECK((owner.out() == sent));
  CHECK(owner.received() == sent.size());
  CHECK(owner.done());
  CHECK(other.got_only(sent, {}));
  CHECK(other.position() == cursor{sent.size(), 0});
  CHECK(other.done());
}
