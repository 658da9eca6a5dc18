#include "on_loop.hpp"

#include <boost/asio/steady_timer.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace procession;
using namespace procession::test;

TEST_CASE("a loop runs what is posted in order, on its thread", "[reactor]") {
  loop x{"test-loop"};
  CHECK_FALSE(x.here());
  std::vector<int> order;
  for (auto i = 0; i < 1000; ++i)
    x.post([&order, i] { order.push_back(i); });
  CHECK(on(x, [&] { return x.here(); }));
  REQUIRE(order.size() == 1000);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("work posted from the loop itself runs later", "[reactor]") {
  loop x{"test-loop"};
  std::promise<std::string> result;
  std::string order;
  x.post([&] {
    x.post([&] {
      order += "later";
      result.set_value(order);
    });
    order += "first ";
  });
  CHECK(result.get_future().get() == "first later");
}

TEST_CASE("a loop that may have more threads relieves one that is stuck",
          "[reactor]") {
  loop x{"test-loop", 3};
  std::promise<void> go;
  auto gone = go.get_future().share();
  auto get_stuck = [&] {
    std::promise<std::thread::id> at;
    std::promise<std::thread::id> over;
    auto stuck = at.get_future();
    auto result = over.get_future();
    x.post([gone, at = std::make_shared<decltype(at)>(std::move(at)),
            over = std::make_shared<decltype(over)>(std::move(over))] {
      at->set_value(std::this_thread::get_id());
      gone.wait();
      over->set_value(std::this_thread::get_id());
    });
    return std::pair{stuck.get(), std::move(result)};
  };
  auto [first, first_over] = get_stuck();
  x.relieve(std::this_thread::get_id());
  x.relieve(first);
  auto [second, second_over] = get_stuck();
  CHECK(second != first);
  // It is not working any more.
  x.relieve(first);
  x.relieve(second);
  auto third = on(x, [] { return std::this_thread::get_id(); });
  CHECK(third != first);
  CHECK(third != second);
  go.set_value();
  CHECK(first_over.get() == first);
  CHECK(second_over.get() == second);
  // Posted work goes to one thread, and later to one that was stuck.
  for (auto i = 0; i < 100; ++i)
    CHECK(on(x, [] { return std::this_thread::get_id(); }) == third);
  // The threads that were stuck may not be waiting yet. A thread is relieved
  // while it works: a waiting one would still take the next piece of work.
  auto relieved = [&x, third = third] {
    auto self = std::this_thread::get_id();
    if (self == third)
      x.relieve(self);
    return self;
  };
  while (on(x, relieved) == third)
    continue;
  auto fourth = on(x, [] { return std::this_thread::get_id(); });
  CHECK((fourth == first || fourth == second));
}

TEST_CASE("a loop that may have no other thread leaves the work where it is",
          "[reactor]") {
  loop x{"test-loop"};
  auto only = on(x, [] { return std::this_thread::get_id(); });
  x.relieve(only);
  CHECK(on(x, [] { return std::this_thread::get_id(); }) == only);
}

TEST_CASE("a loop waits with timers of its own", "[reactor]") {
  loop x{"test-loop"};
  boost::asio::steady_timer timer{x.context(), std::chrono::milliseconds{1}};
  std::promise<bool> fired;
  x.post([&] {
    timer.async_wait(
      [&](const boost::system::error_code& e) { fired.set_value(!e); });
  });
  CHECK(fired.get_future().get());
}

TEST_CASE("stopping drops what did not run, and may be repeated", "[reactor]") {
  auto ran = std::make_shared<bool>(false);
  {
    loop x{"test-loop"};
    std::promise<void> busy;
    std::promise<void> go;
    x.post([&] {
      busy.set_value();
      go.get_future().wait();
      x.post([ran] { *ran = true; });
    });
    busy.get_future().wait();
    x.context().stop();
    go.set_value();
    x.stop();
    x.stop();
    CHECK_FALSE(*ran);
    CHECK(ran.use_count() == 2);
  }
  CHECK(ran.use_count() == 1);
}

namespace {

/// A thread that drives a lent loop until it is told to end.
class driving_guest {
public:
  explicit driving_guest(loop& x)
    : loop_(x), thread_([this] {
        loop::guest here{loop_};
        while (!over_)
          loop_.drive();
      }) {
    // nop
  }

  ~driving_guest() {
    over_ = true;
    loop_.kick();
    thread_.join();
  }

  std::thread::id id() const {
    return thread_.get_id();
  }

private:
  loop& loop_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

std::thread::id thread_of_work(loop& x) {
  return on(x, [] { return std::this_thread::get_id(); });
}

} // namespace

TEST_CASE("a lent loop does its work on the thread of its guest", "[reactor]") {
  loop x{"test-loop"};
  auto own = thread_of_work(x);
  x.lend([] {});
  {
    driving_guest guest{x};
    // Its own thread works before the guest comes, and when it stays away.
    auto at = own;
    while (at == own)
      at = thread_of_work(x);
    CHECK(at == guest.id());
  }
  x.take_back();
  CHECK(thread_of_work(x) == own);
}

TEST_CASE("a lent loop works on its own thread while its guests do not",
          "[reactor]") {
  loop x{"test-loop"};
  auto own = thread_of_work(x);
  x.lend([] {});
  CHECK(thread_of_work(x) == own);
  {
    driving_guest guest{x};
    while (thread_of_work(x) != guest.id())
      continue;
  }
  CHECK(thread_of_work(x) == own);
  x.take_back();
}

TEST_CASE("a guest does work at once if nobody else works on the loop",
          "[reactor]") {
  loop x{"test-loop"};
  CHECK_FALSE(x.try_run([] { FAIL("the caller is no guest"); }));
  x.lend([] {});
  {
    loop::guest here{x};
    // Its own thread leaves it when it stands by.
    auto ran = std::thread::id{};
    while (!x.try_run([&] { ran = std::this_thread::get_id(); }))
      x.drive();
    CHECK(ran == std::this_thread::get_id());
    // Not inside of other work.
    std::atomic<bool> nested = true;
    x.post([&] {
      nested = x.try_run([] {});
      // The loop's own thread may have been faster.
      x.kick();
    });
    while (nested)
      x.drive();
    CHECK_FALSE(nested);
  }
  x.take_back();
}

TEST_CASE("the stop of a lent loop ends the wait of its guest", "[reactor]") {
  loop x{"test-loop"};
  x.lend([] {});
  std::promise<bool> over;
  std::thread guest{[&] {
    loop::guest here{x};
    while (x.drive())
      continue;
    over.set_value(true);
  }};
  while (thread_of_work(x) != guest.get_id())
    continue;
  x.stop();
  CHECK(over.get_future().get());
  guest.join();
}

TEST_CASE("a lent loop tells its owner that time passes", "[reactor]") {
  loop x{"test-loop"};
  std::promise<void> ticked;
  auto first = true;
  x.lend([&] {
    if (std::exchange(first, false))
      ticked.set_value();
  });
  driving_guest guest{x};
  ticked.get_future().get();
  x.take_back();
}
