#pragma once

#include "../conformance/world.hpp"

#include "procession/actors/runner_node.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace procession::test {

/// The runner of a world.
struct runner_of_world {
  /// Empty once the world is gone.
  runner hdl;
};

/// An actor system whose sessions live in a runner.
class runner_world {
public:
  explicit runner_world(runner_options options = {});
  ~runner_world();

  /// Waits until the runner is up. @returns why it is not; empty if it is.
  caf::error up();

  /// Returns the runner's info; fails the test if that takes too long.
  runner_info info();

  /// Releases the runner's actor; the spawner still holds it.
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

/// Returns the path of the runner's executable.
std::string runner_path();

/// Returns a program that prints the numbers of two processes, its own and that
/// of a descendant as far away as possible, and then stays silent.
command loner(stdio_spec stdio = pipes());

/// Waits for the two numbers that a loner prints.
std::pair<std::int64_t, std::int64_t> numbers(listener& events);

} // namespace procession::test
