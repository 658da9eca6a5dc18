#pragma once

#include <windows.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace procession::windows {

/// A password. It is moved, never copied, and wiped wherever it was; it cannot
/// be printed.
class secret {
public:
  /// The longest possible password, in characters (PWLEN in lmcons.h).
  static constexpr std::size_t max_size = 256;

  secret() noexcept = default;

  /// @pre `text` is not longer than `max_size`.
  explicit secret(std::wstring_view text) noexcept
    : size_(std::min(text.size(), max_size)) {
    std::copy_n(text.begin(), size_, text_.begin());
  }

  secret(secret&& other) noexcept : text_(other.text_), size_(other.size_) {
    other.wipe();
  }

  secret& operator=(secret&& other) noexcept {
    if (this != &other) {
      text_ = other.text_;
      size_ = other.size_;
      other.wipe();
    }
    return *this;
  }

  ~secret() {
    wipe();
  }

  bool empty() const noexcept {
    return size_ == 0;
  }

  /// Its characters, writable.
  std::span<wchar_t> characters() noexcept {
    return {text_.data(), size_};
  }

  std::span<const wchar_t> characters() const noexcept {
    return {text_.data(), size_};
  }

  /// With a NUL at its end, for system calls; some want it writable, though
  /// they do not change it.
  wchar_t* c_str() noexcept {
    return text_.data();
  }

  void wipe() noexcept {
    ::SecureZeroMemory(text_.data(), text_.size() * sizeof(wchar_t));
    size_ = 0;
  }

  friend bool operator==(const secret& x, const secret& y) noexcept {
    return std::ranges::equal(x.characters(), y.characters());
  }

private:
  // Stored in place, so that no freed memory keeps a part of it.
  std::array<wchar_t, max_size + 1> text_{};
  std::size_t size_ = 0;
};

} // namespace procession::windows
