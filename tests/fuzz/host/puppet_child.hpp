#pragma once

#include "procession/platform/child.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace procession::fuzz {

/// Returns a child's output at an offset of one of its streams.
std::string output_at(std::int64_t pid, stream_kind stream, std::uint64_t from,
                      std::size_t size);

/// A process that follows the script, in the order and within the bounds of
/// platform/child.hpp, and ends the test at a request that breaks the rules.
/// Outlives the `child` that it stands for.
class puppet_child {
public:
  explicit puppet_child(std::int64_t pid) : pid_(pid) {
    // nop
  }

  /// Creates the child for a host.
  std::unique_ptr<child> make();

  // Events; an event that cannot happen now is ignored. They are sent even
  // after the child was destroyed, as both may cross.

  void start();
  void fail_to_start();
  void output(stream_kind stream, std::size_t size);
  void take_input(std::uint64_t bytes);
  void refuse_input(std::uint64_t bytes);
  void stop_or_go_on();
  void break_input();
  void notify();
  void answer();
  void exit(bool drained);
  void finish(bool drained);

  /// Drops the sink, as a child does soon after it was destroyed.
  void forget() {
    sink_ = nullptr;
  }

  bool destroyed() const noexcept {
    return destroyed_;
  }

  // The events that the host may report to its parent.

  std::int64_t pid() const noexcept {
    return pid_;
  }

  bool started() const noexcept {
    return at_ >= state::running;
  }

  bool exited() const noexcept {
    return at_ >= state::exited;
  }

  bool finished() const noexcept {
    return at_ == state::over;
  }

  /// Return the bytes of each stream, so far and at the exit.
  const std::array<std::uint64_t, 2>& produced() const noexcept {
    return produced_;
  }

  const std::array<std::uint64_t, 2>& produced_before_exit() const noexcept {
    return before_exit_;
  }

  std::uint64_t taken() const noexcept {
    return taken_;
  }

  /// Returns how often each request was answered, by number.
  const std::map<std::uint64_t, std::size_t>& answers() const noexcept {
    return answers_;
  }

private:
  class handle;

  enum class state { fresh, starting, failed, running, exited, over };

  void ask(std::uint64_t request);
  void tell(child_event x);

  std::int64_t pid_;
  state at_ = state::fresh;
  bool destroyed_ = false;
  bool merged_ = false;
  bool drained_ = false;
  bool broken_ = false;
  bool notified_ = false;
  bool stopped_ = false;
  child_sink sink_;
  std::uint64_t credit_ = 0;
  std::array<std::uint64_t, 2> produced_{};
  std::array<std::uint64_t, 2> before_exit_{};
  std::uint64_t written_ = 0;
  std::uint64_t taken_ = 0;
  std::deque<std::uint64_t> asked_;
  std::map<std::uint64_t, std::size_t> answers_;
};

/// Creates puppets and keeps them.
class puppet_factory : public child_factory {
public:
  /// @param limit the number of puppets that may live at the same time.
  explicit puppet_factory(std::size_t limit) : limit_(limit) {
    // nop
  }

  std::unique_ptr<child> make_child() override;

  /// In the order of their creation; the first has the pid 1.
  std::vector<std::unique_ptr<puppet_child>> puppets;

private:
  std::size_t limit_;
};

} // namespace procession::fuzz
