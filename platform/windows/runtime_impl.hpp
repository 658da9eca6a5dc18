#pragma once

#include "procession/platform/runtime.hpp"
#include "procession/platform/windows/process.hpp"

#include <memory>
#include <mutex>

namespace procession {

/// The two threads and what they share; outlives the runtime as long as a child
/// is left, and does nothing then.
class runtime::impl {
public:
  explicit impl(runtime_options options);

  /// Has `x` started unless the runtime was stopped. From any thread.
  void start(const std::shared_ptr<windows::process>& x, command spec,
             std::uint64_t credit, child_sink sink);

  /// The same by other means than `start_process`.
  void start(const std::shared_ptr<windows::process>& x,
             windows::process::starter how, std::uint64_t credit,
             child_sink sink);

  /// Ends everything; no thread of ours is left then.
  void stop();

  windows::host host;

private:
  std::mutex mutex_;
  bool stopped_ = false;
};

} // namespace procession
