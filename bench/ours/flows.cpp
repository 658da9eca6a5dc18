#include "../common/phase.hpp"
#include "follower.hpp"
#include "measured.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace procession::bench {

namespace {

/// Bytes of input that may be on their way.
constexpr std::uint64_t write_window = 512 * 1024;

/// Reads a flood: that of a session that it starts, or that of another's.
class flood_reader : public follower {
public:
  static constexpr const char* name = "bench.flood_reader";

  using follower::follower;

  caf::behavior make_behavior(spawner where, command what, std::uint64_t bytes,
                              outcome_ptr to) {
    auto result = follow(bytes, to);
    open(self_, where, std::move(what), [](const session&) {}, failing());
    return result;
  }

  /// @param subscribed is done once the session sends its output here.
  caf::behavior make_behavior(session source, std::uint64_t bytes,
                              outcome_ptr subscribed, outcome_ptr to) {
    auto result = follow(bytes, to);
    self_->request(source, caf::infinite, subscribe_atom_v, subscription{})
      .then([=] { subscribed->done(); },
            [=](const caf::error& x) { subscribed->fail(describe(x)); });
    return result;
  }

private:
  caf::behavior follow(std::uint64_t bytes, outcome_ptr to) {
    to_ = to;
    auto events = strict();
    events.output = [this](const output& x) { got_ += x.bytes.size(); };
    events.closed = [this, bytes](const closed& x) {
      if (!expect_complete(x) || !expect_bytes(got_, bytes))
        return;
      to_->done();
      self_->quit();
    };
    return listening(self_, std::move(events));
  }

  std::uint64_t got_ = 0;
};

/// Writes to a child that answers how many bytes it got.
class feeder : public follower {
public:
  static constexpr const char* name = "bench.feeder";

  using follower::follower;

  caf::behavior make_behavior(spawner where, command what, std::uint64_t bytes,
                              std::size_t block, outcome_ptr to) {
    to_ = to;
    bytes_ = bytes;
    block_ = shared_bytes{std::string(block, 'x')};
    auto events = strict();
    events.output = [this](const output& x) { answer_ += x.bytes.text(); };
    events.closed = [this](const closed& x) {
      if (!expect_complete(x) || !expect_bytes(std::stoull(answer_), bytes_))
        return;
      to_->done();
      self_->quit();
    };
    open(
      self_, where, std::move(what),
      [this](const session& x) {
        sink_ = x;
        while (sent_ < std::min(bytes_, write_window))
          write();
      },
      failing());
    return listening(self_, std::move(events));
  }

private:
  void write() {
    auto next = block_.first(bytes_ - sent_);
    sent_ += next.size();
    self_->request(sink_, caf::infinite, write_atom_v, next)
      .then([this](std::uint64_t n) { taken(n); }, failing());
  }

  void taken(std::uint64_t n) {
    taken_ += n;
    if (sent_ < bytes_)
      write();
    else if (taken_ == bytes_)
      self_->request(sink_, caf::infinite, close_stdin_atom_v)
        .then([] {}, failing());
  }

  session sink_;
  shared_bytes block_;
  std::uint64_t bytes_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t taken_ = 0;
  std::string answer_;
};

} // namespace

void flood(place& where, arguments& args) {
  auto stdio = stdio_named(args.word());
  auto bytes = args.number();
  auto what = make_command(args.command(), stdio);
  auto over = make_outcome();
  phase measured;
  launch<flood_reader>(where.system(), where.spawner(), what, bytes, over);
  over->wait();
  measured.stop();
  print_flow(measured, bytes);
}

void feed(place& where, arguments& args) {
  auto bytes = args.number();
  auto block = args.number();
  auto what = make_command(args.command(), pipes());
  auto over = make_outcome();
  phase measured;
  launch<feeder>(where.system(), where.spawner(), what, bytes, block, over);
  over->wait();
  measured.stop();
  print_flow(measured, bytes);
}

void fanout(place& where, arguments& args) {
  auto subscribers = args.number();
  auto bytes = args.number();
  auto source = where.start(make_command(args.command(), pipes()));
  auto subscribed = make_outcome(subscribers);
  auto over = make_outcome(subscribers);
  for (auto i = subscribers; i > 0; --i)
    launch<flood_reader>(where.system(), source, bytes, subscribed, over);
  subscribed->wait();
  phase measured;
  where.write(source, "x");
  over->wait();
  measured.stop();
  print_flow(measured, bytes);
}

} // namespace procession::bench
