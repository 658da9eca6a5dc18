#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/expected.hpp"
#include "procession/platform/windows/handle.hpp"

#include <memory>
#include <optional>

namespace procession::windows {

/// A console without a window whose screen is a stream of bytes (ConPTY,
/// Windows 10 1809). It is a process of its own, conhost.exe, outside the job.
class pseudoconsole {
public:
  /// @param in the end where it reads typed input.
  /// @param out the end where it writes.
  static expected<std::shared_ptr<pseudoconsole>>
  make(terminal_size size, unique_handle in, unique_handle out);

  explicit pseudoconsole(HPCON x) noexcept : handle_(x) {
    // nop
  }

  pseudoconsole(const pseudoconsole&) = delete;
  pseudoconsole& operator=(const pseudoconsole&) = delete;

  /// Ends it: every attached process is told (CTRL_CLOSE_EVENT), given some
  /// seconds, and killed. Before Windows 11 24H2 this blocks until its output
  /// was read or that pipe is closed, so not on the thread that reads.
  ~pseudoconsole();

  /// For a list of attributes; owned by this.
  HPCON get() const noexcept {
    return handle_;
  }

  /// @returns the failure, if any.
  std::optional<failure> resize(terminal_size size);

private:
  HPCON handle_;
};

} // namespace procession::windows
