#include "../unit/on_loop.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <thread>
#include <utility>

using namespace procession;
using namespace procession::test;

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
  x.lend([](bool) {});
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
  x.lend([](bool) {});
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
  x.lend([](bool) {});
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
  x.lend([](bool) {});
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
  x.lend([&](bool) {
    if (std::exchange(first, false))
      ticked.set_value();
  });
  {
    driving_guest guest{x};
    ticked.get_future().get();
  }
  x.take_back();
}
