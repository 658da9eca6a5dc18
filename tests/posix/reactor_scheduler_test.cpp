#include "../unit/on_loop.hpp"

#include "procession/actors/common/reactor_scheduler.hpp"
#include "procession/messages/config.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

using namespace procession;
using namespace std::chrono_literals;

namespace {

/// An actor system whose workers drive a loop.
struct small_system {
  explicit small_system(std::size_t workers = 1)
    : sys(with(cfg, workers), [this](caf::actor_system& x) {
        return std::make_unique<reactor_scheduler>(x, reactor);
      }) {
    // nop
  }

  static config& with(config& x, std::size_t workers) {
    x.set(caf_option::scheduler_threads, workers);
    return x;
  }

  std::shared_ptr<loop> reactor = std::make_shared<loop>("test-loop");
  config cfg;
  custom_actor_system sys;
};

/// Answers each request with the number of requests so far.
caf::behavior counter(caf::event_based_actor*) {
  return {[n = std::uint64_t{0}](ready_atom) mutable { return ++n; }};
}

/// Returns the answer of `to`.
std::uint64_t ask(caf::scoped_actor& self, const caf::actor& to) {
  std::uint64_t result = 0;
  self->request(to, caf::infinite, ready_atom_v)
    .receive([&](std::uint64_t n) { result = n; },
             [](caf::error& why) { FAIL(to_string(why)); });
  return result;
}

} // namespace

TEST_CASE("actors run on workers that wait in the reactor", "[reactor]") {
  small_system x;
  caf::scoped_actor self{x.sys};
  auto who = x.sys.spawn(counter);
  for (std::uint64_t i = 1; i <= 1000; ++i)
    REQUIRE(ask(self, who) == i);
}

TEST_CASE("work of the reactor and the actors that it wakes share a thread",
          "[reactor]") {
  std::thread::id work_at;
  std::thread::id actor_at;
  std::atomic<int> rounds = 0;
  small_system x;
  auto who = x.sys.spawn([&](caf::event_based_actor*) {
    return caf::behavior{[&](ready_atom) {
      actor_at = std::this_thread::get_id();
      ++rounds;
      rounds.notify_one();
    }};
  });
  // The reactor's own thread works before the worker comes, and when it stays
  // away.
  for (auto i = 0; i == 0 || work_at != actor_at; ++i) {
    x.reactor->post([&] {
      work_at = std::this_thread::get_id();
      caf::anon_send(who, ready_atom_v);
    });
    rounds.wait(i);
  }
  CHECK(work_at == actor_at);
}

TEST_CASE("every message of many actors arrives, from many threads",
          "[reactor]") {
  small_system x{GENERATE(std::size_t{1}, std::size_t{4})};
  std::vector<caf::actor> all;
  for (auto i = 0; i < 50; ++i)
    all.push_back(x.sys.spawn(counter));
  std::vector<std::thread> senders;
  for (auto i = 0; i < 4; ++i)
    senders.emplace_back([&] {
      for (auto round = 0; round < 200; ++round)
        for (auto& who : all)
          caf::anon_send(who, ready_atom_v);
    });
  for (auto& t : senders)
    t.join();
  caf::scoped_actor self{x.sys};
  for (auto& who : all)
    CHECK(ask(self, who) == 801);
}

TEST_CASE("the reactor works on while all workers are busy", "[reactor]") {
  std::promise<void> go;
  std::promise<void> busy;
  small_system x;
  auto who = x.sys.spawn([&](caf::event_based_actor* self) {
    return caf::behavior{[&, self](ready_atom) {
      busy.set_value();
      go.get_future().wait();
      self->quit();
    }};
  });
  caf::anon_send(who, ready_atom_v);
  busy.get_future().wait();
  x.reactor->post([&] { go.set_value(); });
}

TEST_CASE("a worker that is busy keeps no other actor waiting", "[reactor]") {
  std::promise<void> go;
  small_system x{2};
  auto other = x.sys.spawn([&](caf::event_based_actor* self) {
    return caf::behavior{[&, self](ready_atom) {
      go.set_value();
      self->quit();
    }};
  });
  auto who = x.sys.spawn([&, other](caf::event_based_actor* self) {
    return caf::behavior{[&, other, self](ready_atom) {
      self->send(other, ready_atom_v);
      go.get_future().wait();
      self->quit();
    }};
  });
  caf::anon_send(who, ready_atom_v);
}

TEST_CASE("actors that still have messages at the end are released",
          "[reactor]") {
  std::weak_ptr<int> alive;
  {
    small_system x;
    auto kept = std::make_shared<int>(0);
    alive = kept;
    auto who = x.sys.spawn([kept](caf::event_based_actor*) {
      return caf::behavior{[kept](ready_atom) {}};
    });
    for (auto i = 0; i < 1000; ++i)
      caf::anon_send(who, ready_atom_v);
  }
  CHECK(alive.expired());
}

TEST_CASE("actors run on when their reactor was stopped", "[reactor]") {
  small_system x{GENERATE(std::size_t{1}, std::size_t{2})};
  caf::scoped_actor self{x.sys};
  auto who = x.sys.spawn(counter);
  CHECK(ask(self, who) == 1);
  x.reactor->stop();
  for (std::uint64_t i = 2; i <= 100; ++i)
    REQUIRE(ask(self, who) == i);
}
