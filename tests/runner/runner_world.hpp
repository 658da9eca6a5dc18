#pragma once

#include "../conformance/world.hpp"

#include "procession/actors/runner_node.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace procession::test {

/// The runner and the runtime of a world.
struct runner_of_world {
  std::unique_ptr<runtime> rt;
  /// Empty once the world is gone.
  runner hdl;
};

/// An actor system whose sessions live in a runner.
class runner_world {
public:
  explicit runner_world(runner_options options = {});
  ~runner_world();

  /// Waits until the runner is up; why it is not.
  caf::error up();

  /// What is known of the runner; fails the test if that takes too long.
  runner_info info();

  /// Lets go of the runner's actor; the spawner still holds it.
  void forget_runner();

  const runner& hdl() const {
    return there_->hdl;
  }

private:
  std::shared_ptr<runner_of_world> there_;

public:
  world w;
};

/// Checks that a runner does not come up, and why: `text` is a part of the
/// error's description.
void check_failure(const runner_options& options, errc code, stage at,
                   const std::string& text = {});

/// Starts a session in a runner and checks what the runner tells of itself
/// before and after.
session check_introduction(runner_world& there, command what);

/// Where the runner's executable is.
std::string runner_path();

/// Prints the numbers of two processes: its own, and that of one that is as far
/// away from it as a child can be; then it says no more.
command loner(stdio_spec stdio = pipes());

/// The two numbers that a loner printed.
std::pair<std::int64_t, std::int64_t> numbers(listener& events);

} // namespace procession::test
