#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/windows/handle.hpp"

#include <cstdint>

namespace procession::windows {

/// The exit code of processes that `job::kill` ends.
inline constexpr UINT killed_code = 137;

/// A job object: all descendants of a process in it are in it too, and cannot
/// leave. When the last handle to it is closed, also by the end of our process,
/// all its processes are killed.
class job {
public:
  job() noexcept = default;

  static expected<job> make();

  /// For a list of attributes; owned by this.
  HANDLE get() const noexcept {
    return handle_.get();
  }

  /// Kills every process in it, with `killed_code`. They end soon after.
  /// @returns whether that succeeded; if not, GetLastError tells why.
  bool kill() noexcept;

  /// Whether that process is in it; false also if that cannot be known.
  bool holds(DWORD pid) const noexcept;

  /// How many processes are in it; 0 also if that cannot be known.
  std::uint32_t active() const noexcept;

  /// How many processes are in it besides that one; 0 also if that cannot be
  /// known.
  std::uint32_t others(DWORD pid) const;

private:
  unique_handle handle_;
};

} // namespace procession::windows
