#pragma once

#include "manual_system.hpp"
#include "scripted_child.hpp"

#include "procession/actors/session/session_actor.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace procession::test {

using namespace std::chrono_literals;

using lines = std::vector<std::string>;

/// Work to be done inside an actor.
using task = std::function<void(caf::event_based_actor*)>;

/// Returns `cat` on pipes.
command cat();

/// Returns `cat` on a terminal.
command cat_on_terminal();

/// The answer to a request, once it is there.
template <class T>
class reply {
public:
  bool pending() const {
    return !content_->value && !content_->error;
  }

  /// Returns the result; fails the test without an answer, or with an error.
  const T& value() const {
    INFO(describe(content_->error));
    REQUIRE(content_->value);
    return *content_->value;
  }

  /// Returns the error, empty if there is none; fails the test without an
  /// answer.
  const caf::error& error() const {
    REQUIRE_FALSE(pending());
    return content_->error;
  }

  /// Returns whether the answer is an error of that code.
  bool is(errc code) const {
    return procession::is(content_->error, code);
  }

private:
  friend class peer;
  struct content {
    std::optional<T> value;
    caf::error error;
  };
  std::shared_ptr<content> content_ = std::make_shared<content>();
};

/// An actor system without threads and without a clock of its own, in which a
/// spawner creates scripted children. Its destructor checks that nothing is
/// left.
class theatre {
public:
  explicit theatre(spawner_options options = {});

  /// Creates a theatre whose scripted children, of `scripts`, are reached
  /// through `children`. `more` is called when no message is on its way; it
  /// returns whether it did anything.
  theatre(
    std::shared_ptr<scripted_factory> scripts,
    const std::function<std::shared_ptr<child_factory>(caf::actor_system&)>&
      children,
    std::function<bool()> more, spawner_options options = {});

  theatre(const theatre&) = delete;
  theatre& operator=(const theatre&) = delete;
  ~theatre();

  /// Delivers all messages that are on their way.
  void run();

  /// Delivers one message to an actor picked by chance. @returns false if there
  /// is none.
  bool run_any(std::minstd_rand& chance);

  /// Moves the clock, then runs.
  void advance(caf::timespan by);

  /// Returns whether a time-out is pending.
  bool waits() const;

  /// Returns the script of the i-th child.
  script& child(std::size_t i = 0);

  /// Ends the i-th child: its output, its process and all descendants.
  void end(std::size_t i = 0);

  /// Returns the number of children created.
  std::size_t children() const;

private:
  config config_;
  std::shared_ptr<scripted_factory> factory_;
  manual_system actors_;

public:
  caf::actor_system& sys;
  spawner where;

private:
  std::function<bool()> more_;
};

/// An actor that asks, subscribes and owns. It checks the rules for every
/// subscriber: sequence numbers without holes, offsets without gaps but the
/// announced ones, `exited` once and `closed` last.
class peer {
public:
  explicit peer(theatre& t);
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  /// Ends the actor.
  ~peer();

  /// Sends a request; the caller runs the theatre.
  template <class T, class Handle, class... Ts>
  reply<T> post(const Handle& to, Ts... xs) {
    reply<T> result;
    auto content = result.content_;
    perform([=](caf::event_based_actor* self) {
      auto failed = [=](caf::error& e) { content->error = std::move(e); };
      if constexpr (std::is_same_v<T, caf::unit_t>)
        self->request(to, caf::infinite, xs...)
          .then([=] { content->value = caf::unit; }, failed);
      else
        self->request(to, caf::infinite, xs...)
          .then([=](T& x) { content->value = std::move(x); }, failed);
    });
    return result;
  }

  /// Sends a request and runs the theatre.
  template <class T, class Handle, class... Ts>
  reply<T> ask(const Handle& to, Ts... xs) {
    auto result = post<T>(to, std::move(xs)...);
    theatre_.run();
    return result;
  }

  /// The same for requests without a result.
  template <class... Ts>
  reply<caf::unit_t> tell(const session& to, Ts... xs) {
    return ask<caf::unit_t>(to, std::move(xs)...);
  }

  /// Asks the spawner for a session and lets it start.
  session spawn(command spec = cat());

  /// Asks the spawner for a session; its start is up to the script.
  reply<session> begin(command spec = cat());

  /// Starts a session and subscribes to it in the same step.
  reply<session> begin_subscribed(command spec, subscription terms = {});

  /// Returns whether `started` came in the current subscription.
  bool begun() const;

  reply<caf::unit_t> subscribe(const session& to, subscription terms = {});
  reply<caf::unit_t> post_subscribe(const session& to, subscription terms);
  void ack(const session& to, std::uint64_t bytes);
  void post_ack(const session& to, std::uint64_t bytes);
  session_info info(const session& of);

  /// Returns the events since the last call: "1 out@0 abc", "2 gap err 3-9", "3
  /// exited exit code 0", "4 closed complete".
  lines take_events();

  /// Ends the actor now.
  void die();

  caf::actor_addr address() const {
    return hdl_.address();
  }

  /// Returns the bytes of a stream so far.
  std::string out() const;
  std::string err() const;

  /// Returns whether `closed` came.
  bool done() const;

  /// Returns the position of the subscription, gaps included.
  cursor position() const;

  /// Returns whether all output of the current subscription agrees with these
  /// streams at its offsets.
  bool got_only(const std::string& out, const std::string& err) const;

  /// Returns the outputs of the current subscription.
  const std::vector<output>& outputs() const;

  /// Returns the number of bytes received in the current subscription.
  std::uint64_t received() const;

  /// Acknowledges every output at once from now on.
  void acknowledge_always();

private:
  struct state;

  void perform(task x);
  static caf::behavior behave(caf::event_based_actor* self,
                              std::shared_ptr<state> st);

  theatre& theatre_;
  std::shared_ptr<state> state_;
  caf::actor hdl_;
};

} // namespace procession::test

PROCESSION_BEGIN_LOCAL(theatre, 3320)
  PROCESSION_LOCAL(theatre, procession::test::task)
PROCESSION_END_LOCAL(theatre)
