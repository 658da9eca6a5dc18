#pragma once

#include "procession/platform/posix/process.hpp"
#include "procession/platform/runtime.hpp"

#include <memory>
#include <mutex>

namespace procession {

/// The two threads and what they share; outlives the runtime as long as a child
/// is left, and does nothing then.
class runtime::impl {
public:
  explicit impl(runtime_options options);

  /// Has `x` started unless the runtime was stopped. From any thread.
  /// @param runner null for a session.
  void start(const std::shared_ptr<posix::process>& x, command spec,
             std::uint64_t credit, child_sink sink,
             std::shared_ptr<posix::runner_start> runner = nullptr);

  /// Ends everything; no thread of ours is left then.
  void stop();

  posix::host host;
  containment_kind kind = containment_kind::unknown;

private:
  std::mutex mutex_;
  bool stopped_ = false;
};

} // namespace procession
