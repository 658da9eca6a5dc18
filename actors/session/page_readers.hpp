#pragma once

#include "procession/actors/common/waiters.hpp"
#include "procession/messages/session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace procession {

/// The cursor reads of a session that wait for output.
class page_readers {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Creates the answer to a read: a page of at most `max` bytes from `from`
  /// on.
  using source = std::function<page(cursor from, std::uint64_t max)>;

  /// Keeps the read that `self` handles now, until `until`.
  template <class Self>
  caf::result<page>
  add(Self* self, cursor from, std::uint64_t max, time_point until) {
    return waiting_.add(self, stage::run, {from, max, until});
  }

  /// Answers the reads that have output to read.
  /// @param over whether no more output will come.
  /// @returns whether any read was answered.
  bool serve(cursor end, bool over, const source& make) {
    return waiting_.answer_if(
             [&](const reader& x) { return over || x.from != end; },
             [&](const reader& x) { return make(x.from, x.max); })
           > 0;
  }

  /// Answers the reads whose time has passed with an empty page.
  void give_up(time_point now, const source& make) {
    waiting_.answer_if([&](const reader& x) { return x.until <= now; },
                       [&](const reader& x) { return make(x.from, 0); });
  }

  /// Returns when the first read gives up; empty if there is no deadline.
  std::optional<time_point> deadline() const {
    auto result = time_point::max();
    waiting_.for_each(
      [&](const reader& x) { result = std::min(result, x.until); });
    return result == time_point::max() ? std::nullopt : std::optional{result};
  }

  void fail(const caf::error& why) {
    waiting_.fail(why);
  }

private:
  struct reader {
    cursor from;
    std::uint64_t max = 0;
    time_point until;
  };

  waiters<page, reader> waiting_;
};

} // namespace procession
