#include "on_loop.hpp"

#include <boost/asio/steady_timer.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
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
