#pragma once

#include "procession/platform/common/runtime_core.hpp"
#include "procession/platform/runtime.hpp"
#include "procession/platform/windows/host.hpp"
#include "procession/platform/windows/process.hpp"

#include <cstdint>
#include <memory>

namespace procession {

class runtime::impl : public runtime_core<windows::host> {
public:
  explicit impl(runtime_options options);

  /// Starts `x`, unless the runtime was stopped. From any thread.
  void start(const std::shared_ptr<windows::process>& x, command spec,
             std::uint64_t credit, child_sink sink);

  /// Starts `x` by other means than `start_process`.
  void start(const std::shared_ptr<windows::process>& x,
             windows::process::starter how, std::uint64_t credit,
             child_sink sink);
};

} // namespace procession
