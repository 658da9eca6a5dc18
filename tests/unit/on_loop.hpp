#pragma once

#include "procession/io/reactor/loop.hpp"

#include <future>

namespace procession::test {

/// Runs `f` on the loop's thread and returns what it returns.
template <class F>
auto on(loop& x, F f) {
  std::promise<decltype(f())> result;
  x.post([&] { result.set_value(f()); });
  return result.get_future().get();
}

} // namespace procession::test
