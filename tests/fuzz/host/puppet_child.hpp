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

/// What a child's output looks like at a place of one of its streams.
std::string output_at(std::int64_t pid, stream_kind stream, std::uint64_t from,
                      std::size_t size);

/// A process that does what the script says, in the order and within the bounds
/// of platform/child.hpp, and ends the test when it is asked for what must not
/// be asked of it. Outlives the `child` that it stands for.
class puppet_child {
public:
  explicit puppet_child(std::int64_t pid) : pid_(pid) {
    // nop
  }

  /// What a host is given.
  std::unique_ptr<child> make();

  // What happens; nothing if it cannot happen now. Told even after the child
  // was destroyed: that may cross.

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

  // What the host may tell its parent.

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

  /// Bytes of each stream, so far and when it exited.
  const std::array<std::uint64_t, 2>& produced() const noexcept {
    return produced_;
  }

  const std::array<std::uint64_t, 2>& produced_before_exit() const noexcept {
    return before_exit_;
  }

  std::uint64_t taken() const noexcept {
    return taken_;
  }

  /// How often it answered a request of each number.
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

/// Makes puppets and keeps them.
class puppet_factory : public child_factory {
public:
  /// @param limit how many may live at the same time.
  explicit puppet_factory(std::size_t limit) : limit_(limit) {
    // nop
  }

  std::unique_ptr<child> make_child() override;

  /// In the order in which they were made; the first has the pid 1.
  std::vector<std::unique_ptr<puppet_child>> puppets;

private:
  std::size_t limit_;
};

} // namespace procession::fuzz
