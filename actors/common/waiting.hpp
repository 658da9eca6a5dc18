#pragma once

#include "procession/messages/error.hpp"

#include <caf/abstract_actor.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace procession {

/// How many may wait for the same at a time.
inline constexpr std::size_t max_waiting = 1024;

/// What one more is told (`busy`).
inline caf::error too_many_wait(stage at) {
  return make_error(errc::busy, at,
                    std::to_string(max_waiting) + " wait for that already");
}

/// Whether one more may wait. When there are too many, those are forgotten that
/// have ended: whoever asks with a time-out, again and again, from a new actor
/// each time.
/// @param promise_of the promise of one who waits.
template <class T, class F>
bool has_room(std::vector<T>& waiting, F promise_of) {
  if (waiting.size() < max_waiting)
    return true;
  std::erase_if(waiting, [&](T& x) { return asker_has_ended(promise_of(x)); });
  return waiting.size() < max_waiting;
}

/// The same for a list of promises.
template <class Promise>
bool has_room(std::vector<Promise>& waiting) {
  return has_room(waiting, [](Promise& x) -> Promise& { return x; });
}

} // namespace procession
