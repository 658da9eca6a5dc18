#pragma once

#include "procession/platform/common/runtime_core.hpp"
#include "procession/platform/posix/host.hpp"
#include "procession/platform/posix/process.hpp"
#include "procession/platform/runtime.hpp"

#include <cstdint>
#include <memory>

namespace procession {

class runtime::impl : public runtime_core<posix::host> {
public:
  explicit impl(runtime_options options);

  /// Starts `x`, unless the runtime was stopped. From any thread.
  /// @param runner null for a session.
  void start(const std::shared_ptr<posix::process>& x, command spec,
             std::uint64_t credit, child_sink sink,
             std::shared_ptr<posix::runner_start> runner = nullptr);

  containment_kind kind = containment_kind::unknown;
};

} // namespace procession
