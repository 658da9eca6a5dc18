#pragma once

#include "procession/messages/error.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace procession {

/// A value, or the reason why there is none: the part of C++23's
/// `std::expected<T, failure>` that the code below the actors needs.
///
///     auto patterns = pattern_set::make({{"ready"}});
///     if (!patterns)
///       std::cerr << to_string(patterns.error()) << '\n';
///     else
///       watch.look_for(*patterns);
template <class T>
class [[nodiscard]] expected {
public:
  /// Holds a value.
  template <class U = T>
    requires(std::is_convertible_v<U &&, T>
             && !std::is_same_v<std::remove_cvref_t<U>, failure>
             && !std::is_same_v<std::remove_cvref_t<U>, expected>)
  expected(U&& value)
    : content_(std::in_place_index<0>, std::forward<U>(value)) {
    // nop
  }

  /// Holds a reason why there is no value.
  expected(failure why) : content_(std::in_place_index<1>, std::move(why)) {
    // nop
  }

  /// Whether there is a value.
  explicit operator bool() const noexcept {
    return content_.index() == 0;
  }

  /// Returns the value. @pre There is one.
  T& operator*() & noexcept {
    return *std::get_if<0>(&content_);
  }

  const T& operator*() const& noexcept {
    return *std::get_if<0>(&content_);
  }

  T&& operator*() && noexcept {
    return std::move(**this);
  }

  T* operator->() noexcept {
    return std::get_if<0>(&content_);
  }

  const T* operator->() const noexcept {
    return std::get_if<0>(&content_);
  }

  /// Returns the reason. @pre There is no value.
  failure& error() noexcept {
    return *std::get_if<1>(&content_);
  }

  const failure& error() const noexcept {
    return *std::get_if<1>(&content_);
  }

private:
  std::variant<T, failure> content_;
};

} // namespace procession
