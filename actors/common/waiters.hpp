#pragma once

#include "procession/messages/caf.hpp"
#include "procession/messages/error.hpp"

#include <caf/result.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace procession {

/// How many requests may wait for the same thing.
inline constexpr std::size_t max_waiting = 1024;

/// Returns the error for a request beyond that limit (`busy`).
inline caf::error too_many_wait(stage at, std::size_t limit = max_waiting) {
  return make_error(errc::busy, at,
                    std::to_string(limit) + " requests wait for that already");
}

/// Requests that are answered later, each with its own data. Their number is
/// limited. The owner answers all of them at its end (see `last_words`), as a
/// dropped promise sends no answer.
/// @tparam T the value of the answer, or void
template <class T, class Data = std::monostate>
class waiters {
public:
  using promise = std::conditional_t<std::is_void_v<T>, void_promise,
                                     caf::typed_response_promise<T>>;

  explicit waiters(std::size_t limit = max_waiting) : limit_(limit) {
    // nop
  }

  /// Keeps the request that `self` handles now.
  /// @returns its promise, or `busy` at the stage `at`.
  template <class Self>
  caf::result<T> add(Self* self, stage at, Data data = {}) {
    if (!has_room())
      return too_many_wait(at, limit_);
    waiting_.push_back(
      {std::move(data), self->template make_response_promise<T>()});
    return waiting_.back().answer;
  }

  /// Returns whether one more request may wait. At the limit, it first forgets
  /// the requests of actors that have ended: a client may ask with a timeout,
  /// again and again, from a new actor each time.
  bool has_room() {
    if (waiting_.size() >= limit_)
      std::erase_if(waiting_,
                    [](waiter& x) { return asker_has_ended(x.answer); });
    return waiting_.size() < limit_;
  }

  bool empty() const noexcept {
    return waiting_.empty();
  }

  /// Answers all requests.
  template <class... Xs>
  void deliver(const Xs&... xs) {
    for (auto& x : std::exchange(waiting_, {}))
      answer(x.answer, xs...);
  }

  /// Answers all requests with an error.
  void fail(const caf::error& why) {
    for (auto& x : std::exchange(waiting_, {}))
      x.answer.deliver(why);
  }

  /// Answers the requests for which `done(data)` is true: with `make(data)`, or
  /// with an empty answer if there is no `make`.
  /// @returns how many.
  template <class Done, class... Make>
  std::size_t answer_if(Done done, Make... make) {
    return std::erase_if(waiting_, [&](waiter& x) {
      if (!done(x.data))
        return false;
      answer(x.answer, make(x.data)...);
      return true;
    });
  }

  /// Answers the requests for which `done(data)` is true with an error.
  template <class Done>
  void fail_if(Done done, const caf::error& why) {
    std::erase_if(waiting_, [&](waiter& x) {
      if (!done(x.data))
        return false;
      x.answer.deliver(why);
      return true;
    });
  }

  /// Calls `f` with the data of each request.
  template <class F>
  void for_each(F f) const {
    for (auto& x : waiting_)
      f(x.data);
  }

private:
  struct waiter {
    Data data;
    promise answer;
  };

  template <class... Xs>
  static void answer(promise& to, const Xs&... xs) {
    if constexpr (sizeof...(Xs) == 0)
      fulfill(to);
    else
      to.deliver(xs...);
  }

  std::size_t limit_;
  std::vector<waiter> waiting_;
};

} // namespace procession
