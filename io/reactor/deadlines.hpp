#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace procession {

/// Points in time, at most one for each key. It has no clock: its owner looks
/// at it when a timer fires, and sets the timer to `next()`.
template <class Key>
class deadlines {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Sets the deadline of a key; replaces an earlier one.
  void set(const Key& key, time_point when) {
    clear(key);
    by_key_.emplace(key, when);
    by_time_.emplace(when, key);
  }

  void clear(const Key& key) {
    auto i = by_key_.find(key);
    if (i == by_key_.end())
      return;
    by_time_.erase({i->second, key});
    by_key_.erase(i);
  }

  std::optional<time_point> of(const Key& key) const {
    auto i = by_key_.find(key);
    return i == by_key_.end() ? std::nullopt : std::optional{i->second};
  }

  std::size_t size() const noexcept {
    return by_key_.size();
  }

  /// Returns the earliest deadline.
  std::optional<time_point> next() const {
    return by_time_.empty() ? std::nullopt
                            : std::optional{by_time_.begin()->first};
  }

  /// Removes the earliest deadline if it has passed. @returns its key.
  std::optional<Key> take_due(time_point now) {
    if (by_time_.empty() || by_time_.begin()->first > now)
      return std::nullopt;
    auto result = by_time_.begin()->second;
    clear(result);
    return result;
  }

private:
  std::map<Key, time_point> by_key_;
  std::set<std::pair<time_point, Key>> by_time_;
};

} // namespace procession
