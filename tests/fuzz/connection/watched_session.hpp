#pragma once

#include "procession/platform/child.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace procession::fuzz {

/// A session as an actor would drive it: sends requests to a child, in the
/// order that platform/child.hpp allows, and ends the test when the child
/// breaks a rule.
class watched_session {
public:
  /// @param lost returns whether the runner is known to be gone.
  watched_session(std::unique_ptr<child> x, std::function<bool()> lost);
  watched_session(const watched_session&) = delete;
  watched_session& operator=(const watched_session&) = delete;

  void start(stdio_kind kind, std::uint64_t credit);
  void grant(std::uint64_t bytes);
  void write(std::size_t size);
  void close_stdin();
  void resize();
  void signal(signal_name name);
  void terminate();
  void kill();
  void finish();

  /// Destroys the child.
  void abandon();

  /// Checks the final state, once nothing more can happen.
  void check_end() const;

private:
  /// The child's events; destroyed with its sink.
  struct story;

  bool may_ask() const;

  std::unique_ptr<child> child_;
  std::shared_ptr<story> story_;
  std::uint64_t last_request_ = 0;
};

} // namespace procession::fuzz
