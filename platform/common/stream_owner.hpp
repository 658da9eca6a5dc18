#pragma once

#include "procession/platform/child.hpp"

#include <memory>

namespace procession {

/// The process that a stream belongs to, as the stream sees it. On the reactor.
class stream_owner {
public:
  virtual ~stream_owner() = default;

  /// Keeps the owner alive, and its streams with it.
  virtual std::shared_ptr<stream_owner> keep() = 0;

  virtual void emit(child_event event) = 0;

  /// One of the outputs was read to the end.
  virtual void output_ended() = 0;
};

} // namespace procession
