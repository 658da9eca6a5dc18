#pragma once

#include <windows.h>

#include <utility>

namespace procession::windows {

/// Owns a handle of the kernel, or none: both of Windows' values for that, null
/// and INVALID_HANDLE_VALUE, are empty here.
class unique_handle {
public:
  unique_handle() noexcept = default;

  explicit unique_handle(HANDLE x) noexcept
    : handle_(x == INVALID_HANDLE_VALUE ? nullptr : x) {
    // nop
  }

  unique_handle(unique_handle&& other) noexcept : handle_(other.release()) {
    // nop
  }

  unique_handle& operator=(unique_handle&& other) noexcept {
    reset(other.release());
    return *this;
  }

  ~unique_handle() {
    reset();
  }

  explicit operator bool() const noexcept {
    return handle_ != nullptr;
  }

  HANDLE get() const noexcept {
    return handle_;
  }

  HANDLE release() noexcept {
    return std::exchange(handle_, nullptr);
  }

  void reset(HANDLE x = nullptr) noexcept {
    if (auto old = std::exchange(handle_, x); old != nullptr)
      ::CloseHandle(old);
  }

private:
  HANDLE handle_ = nullptr;
};

} // namespace procession::windows
