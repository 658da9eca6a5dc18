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

/// Something to do inside of an actor.
using task = std::function<void(caf::event_based_actor*)>;

/// `cat` on pipes.
command cat();

/// `cat` on a terminal.
command cat_on_terminal();

/// The answer to a request, once it is there.
template <class T>
class reply {
public:
  bool pending() const {
    return !content_->value && !content_->error;
  }

  /// Fails the test if there is none or an error.
  const T& value() const {
    INFO(describe(content_->error));
    REQUIRE(content_->value);
    return *content_->value;
  }

  /// Fails the test if there is none; empty if the answer is no error.
  const caf::error& error() const {
    REQUIRE_FALSE(pending());
    return content_->error;
  }

  /// Whether the answer is an error of that code.
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

/// An actor system without threads or a clock of its own, in which a spawner
/// makes scripted children. At its end it checks that nothing is left.
class theatre {
public:
  explicit theatre(spawner_options options = {});

  /// A theatre whose scripted children, of `scripts`, are reached through
  /// `children`. `more` does what else is to be done when no message is on its
  /// way; it returns whether it did anything.
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

  /// Delivers one message, to an actor that chance picks. @returns false when
  /// there is none.
  bool run_any(std::minstd_rand& chance);

  /// Moves the clock, then runs.
  void advance(caf::timespan by);

  /// Whether anybody waits for some time to come.
  bool waits() const;

  /// The script of the i-th child.
  script& child(std::size_t i = 0);

  /// The i-th child ends: its output, itself, and all that it started.
  void end(std::size_t i = 0);

  /// How many children were made.
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

/// An actor that asks, subscribes and owns. It checks what every subscriber may
/// rely on: sequence numbers without holes, offsets without gaps but the
/// announced ones, `exited` once and `closed` last.
class peer {
public:
  explicit peer(theatre& t);
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  /// The actor goes down.
  ~peer();

  /// Sends a request; whoever calls runs the theatre.
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

  /// Whether `started` came in the current subscription.
  bool begun() const;

  reply<caf::unit_t> subscribe(const session& to, subscription terms = {});
  reply<caf::unit_t> post_subscribe(const session& to, subscription terms);
  void ack(const session& to, std::uint64_t bytes);
  void post_ack(const session& to, std::uint64_t bytes);
  session_info info(const session& of);

  /// Events since the last look: "1 out@0 abc", "2 gap err 3-9",
  /// "3 exited exit code 0", "4 closed complete".
  lines take_events();

  /// Goes down now.
  void die();

  caf::actor_addr address() const {
    return hdl_.address();
  }

  /// Bytes of each stream so far.
  std::string out() const;
  std::string err() const;

  /// Whether `closed` came.
  bool done() const;

  /// What the subscription was told of so far, gaps included.
  cursor position() const;

  /// Whether all it got of the current subscription is what lies at that place
  /// of these streams.
  bool got_only(const std::string& out, const std::string& err) const;

  /// What it got of the current subscription.
  const std::vector<output>& outputs() const;

  /// Bytes that it got in the current subscription.
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
