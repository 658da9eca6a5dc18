#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/platform/posix/containment.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace procession::test {

/// Waits until the descriptor is readable or at its end.
bool readable(int fd,
              std::chrono::milliseconds time = std::chrono::seconds{10});

/// Returns whether cgroups can be created here. If not, tests that need them
/// are left out, with a warning.
bool have_cgroups();

/// Yields every available kind of containment, one after the other (GENERATE).
containment_kind every_kind();

/// Returns the path of a program of tests/helpers.
std::string helper(const std::string& name);

/// Opens a pidfd of a process whose number was printed.
posix::unique_fd watch(const std::string& pid);

/// A shell that leads a tree. Its output ends when every process that has it as
/// standard output is gone.
struct grown_tree {
  std::unique_ptr<posix::tree> tree;
  pid_t leader = -1;
  posix::unique_fd pidfd;
  posix::unique_fd output;
  std::string buffer;

  /// Returns the next line of output; empty at the end, or if it takes too
  /// long.
  std::string line();

  /// Returns whether all processes that had the output are gone.
  bool silent();

  /// Waits for the leader to end, without reaping it.
  bool leader_ended();
};

/// Reactor, launcher and a containment on these threads, as a runtime has them.
class grove {
public:
  explicit grove(containment_kind kind);
  grove(const grove&) = delete;
  grove& operator=(const grove&) = delete;
  /// @pre all trees have been felled
  ~grove();

  /// Starts a tree led by `sh -c script`.
  grown_tree grow(const std::string& script);

  /// Ends the tree. @returns the result that `done` got.
  posix::tree_end end(grown_tree& x, posix::ending how = posix::ending::kill,
                      std::chrono::nanoseconds grace = {});

  /// The same, without waiting for it.
  std::future<posix::tree_end>
  begin_end(grown_tree& x, posix::ending how = posix::ending::kill,
            std::chrono::nanoseconds grace = {});

  void signal(grown_tree& x, int signo);

  /// Reaps the leader and destroys the tree.
  void fell(grown_tree& x);

  posix::containment& containment() {
    return *containment_;
  }

  /// Returns the directory of the trees' cgroups.
  std::string directory() const {
    return containment_->keeper_args().back();
  }

  template <class F>
  auto on_reactor(F f) {
    return run(reactor_, std::move(f));
  }

  template <class F>
  auto on_launcher(F f) {
    return run(launcher_, std::move(f));
  }

private:
  template <class F>
  static auto run(loop& where, F f) {
    std::packaged_task<std::invoke_result_t<F>()> task{std::move(f)};
    auto result = task.get_future();
    where.post([&] { task(); });
    return result.get();
  }

  loop reactor_{"test-reactor"};
  loop launcher_{"test-launcher"};
  std::unique_ptr<posix::containment> containment_;
};

} // namespace procession::test
