#pragma once

#include "procession/platform/child.hpp"

#include <memory>

namespace procession::posix {

/// What a stream of a child belongs to: it hears what the stream does and lives
/// for as long as the stream waits for something. On the reactor.
class stream_owner {
public:
  virtual ~stream_owner() = default;

  /// Keeps it alive, and its streams with it.
  virtual std::shared_ptr<stream_owner> keep() = 0;

  virtual void emit(child_event event) = 0;

  /// One of its outputs was read to the end.
  virtual void output_ended() = 0;
};

} // namespace procession::posix
