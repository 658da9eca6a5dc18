#include "procession/actors/expect.hpp"

#include "procession/actors/common/state_machine.hpp"

#include <caf/actor_system.hpp>

#include <deque>
#include <utility>

namespace procession {

// -- expect_buffer ------------------------------------------------------------

expect_buffer::expect_buffer(std::size_t window)
  : watches_{pattern_watch{window}, pattern_watch{window}} {
  // nop
}

std::optional<failure>
expect_buffer::look_for(const std::vector<pattern>& patterns) {
  if (patterns.empty())
    return invalid_argument("there is no pattern to look for");
  auto made = pattern_set::make(patterns);
  if (!made)
    return std::move(made.error());
  for (auto& x : watches_)
    x.look_for(*made);
  return std::nullopt;
}

void expect_buffer::append(const output& x) {
  of(x.stream).append(x.bytes.text());
}

void expect_buffer::lose(const gap& x) {
  of(x.stream).lose(x.to - x.from);
}

expected<std::optional<expect_result>> expect_buffer::find() {
  for (auto stream : {stream_kind::out, stream_kind::err}) {
    auto found = of(stream).find();
    if (!found)
      return std::move(found.error());
    if (auto& match = *found)
      return expect_result{match->pattern, stream, std::move(match->text),
                           std::move(match->before)};
  }
  return std::nullopt;
}

expect_result expect_buffer::end() {
  expect_result result;
  for (auto& x : watches_) {
    result.before += x.rest();
    x.skip();
  }
  return result;
}

pattern_watch& expect_buffer::of(stream_kind stream) {
  return watches_[static_cast<std::size_t>(stream)];
}

// -- the actor ----------------------------------------------------------------

namespace {

/// The deadline of the request with this number has passed.
struct expect_deadline {
  std::uint64_t number = 0;
};

} // namespace

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_expect_deadline, 3066)
  PROCESSION_LOCAL(procession_expect_deadline, procession::expect_deadline)
PROCESSION_END_LOCAL(procession_expect_deadline)

namespace procession {

namespace {

using expecter_impl
  = extended<expecter, caf::result<void>(started), caf::result<void>(output),
             caf::result<void>(gap), caf::result<void>(stopped),
             caf::result<void>(continued), caf::result<void>(exited),
             caf::result<void>(closed), caf::result<void>(expect_deadline)>;

class expecter_machine : public state_machine<expecter_impl, expecter_machine> {
public:
  static constexpr const char* name = "procession.expecter";

  using state_machine::state_machine;

  expecter_impl::behavior_type
  make_behavior(session source, caf::actor_addr owner, std::size_t window) {
    source_ = std::move(source);
    buffer_ = expect_buffer{window};
    self_->monitor(source_);
    owner_ = std::move(owner);
    self_->monitor(owner_);
    self_->set_down_handler([this](const caf::down_msg& x) {
      // The session sends to this actor, and would otherwise keep it alive.
      if (x.source == owner_)
        return self_->quit();
      if (x.source != source_.address())
        return on_asker_down(x.source);
      // After `closed`, no output is missing.
      if (ended_)
        return;
      gone_ = make_error(errc::no_such_session, stage::run,
                         "the session is gone");
      go_on();
    });
    self_
      ->request(source_, caf::infinite, subscribe_atom_v,
                subscription{{}, read_window, delivery::lossless})
      .then([] {},
            [this](caf::error& why) {
              gone_ = std::move(why);
              go_on();
            });
    return {
      [this](expect_atom, const expect_request& x) { return expect(x); },
      [](const started&) {},
      [this](output& x) { take(std::move(x)); },
      [this](gap& x) { take(std::move(x)); },
      [](const stopped&) {},
      [](const continued&) {},
      [](const exited&) {},
      [this](const closed&) {
        ended_ = true;
        go_on();
      },
      [this](expect_deadline x) {
        if (x.number == number_ && waiting_.pending())
          answer(make_error(errc::deadline_passed, stage::run,
                            "the expected output did not come in time"));
      },
    };
  }

private:
  static constexpr std::uint64_t read_window = 64 * 1024;

  caf::result<expect_result> expect(const expect_request& x) {
    if (waiting_.pending())
      return make_error(errc::busy, stage::run,
                        "another request waits for this output already");
    if (auto bad = buffer_.look_for(x.patterns))
      return to_error(*bad);
    // Comes first, as creating the promise takes the sender away.
    asker_ = caf::actor_cast<caf::actor_addr>(self_->current_sender());
    waiting_ = self_->make_response_promise<expect_result>();
    // The owner is monitored already.
    if (asker_ != owner_)
      self_->monitor(asker_);
    auto result = waiting_;
    ++number_;
    if (x.timeout < caf::timespan{max_timespan})
      self_->delayed_send(self_, x.timeout, expect_deadline{number_});
    go_on();
    return result;
  }

  void take(std::variant<output, gap> x) {
    unread_.push_back(std::move(x));
    go_on();
  }

  /// Searches the unread output until the request is answered.
  void go_on() {
    while (waiting_.pending()) {
      auto found = buffer_.find();
      if (!found)
        return answer(to_error(found.error()));
      if (*found)
        return answer(std::move(**found));
      if (unread_.empty()) {
        if (ended_)
          answer(buffer_.end());
        else if (gone_)
          answer(gone_);
        return;
      }
      if (auto* x = std::get_if<output>(&unread_.front())) {
        buffer_.append(*x);
        self_->send(source_, ack_atom_v, std::uint64_t{x->bytes.size()});
      } else {
        buffer_.lose(std::get<gap>(unread_.front()));
      }
      unread_.pop_front();
    }
  }

  template <class T>
  void answer(T x) {
    if (asker_ != owner_)
      self_->demonitor(asker_);
    waiting_.deliver(std::move(x));
    waiting_ = {};
  }

  /// Drops the request of an actor that has ended, so that it does not block
  /// others. The message may arrive after the answer.
  void on_asker_down(const caf::actor_addr& who) {
    if (who == asker_)
      waiting_ = {};
  }

  session source_;
  caf::actor_addr owner_;
  expect_buffer buffer_;
  /// Output that no request has searched yet; at most one window of it.
  std::deque<std::variant<output, gap>> unread_;
  bool ended_ = false;
  /// Why no more output will come, if the session did not close.
  caf::error gone_;
  caf::typed_response_promise<expect_result> waiting_;
  /// The sender of the last request.
  caf::actor_addr asker_;
  /// The number of the last request.
  std::uint64_t number_ = 0;
};

} // namespace

expecter make_expecter(caf::actor_system& sys, session source,
                       caf::actor_addr owner, std::size_t window) {
  return expecter_machine::spawn_in(sys, std::move(source), std::move(owner),
                                    window);
}

} // namespace procession
