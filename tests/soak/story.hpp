#pragma once

#include "ledger.hpp"
#include "plan.hpp"

#include "procession/actors/spawner.hpp"
#include "procession/messages/session.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace procession::soak {

/// A spawner and the events that its sessions have to know of. Each flag is set
/// before its event.
struct venue {
  std::string name;
  /// Its sessions may end before their time.
  std::atomic<bool> ending{false};
  /// Its runner was killed.
  std::atomic<bool> lost{false};
  /// Whether it is a runner's.
  bool far = false;

  /// Returns the spawner; null if it was released.
  spawner handle() {
    std::lock_guard guard{mutex_};
    return handle_;
  }

  void handle(spawner x) {
    std::lock_guard guard{mutex_};
    std::swap(handle_, x);
  }

private:
  std::mutex mutex_;
  spawner handle_;
};

/// One session as its players know it: the plan, the events, and the facts on
/// which they have to agree.
class story {
public:
  story(ledger& log, plan what, std::shared_ptr<venue> where);

  /// Adds a line with the time.
  void note(const std::string& text);

  /// Reports `what` along with the plan and the notes.
  void finding(const std::string& what);

  /// Notes that from now on the session may end before its time.
  void disturb(const std::string& how);

  /// Returns whether the session was disturbed in any way.
  bool disturbed() const {
    return disturbed_ || where_->ending || where_->lost;
  }

  /// Checks that all are told the same status.
  void agree(const exit_status& x, const char* teller);

  /// Checks that all are told the same end.
  void agree(bool complete, leftovers rest, const char* teller);

  /// Checks that all come to the same end of the output, by bytes or by gaps.
  void agree(cursor end, const char* teller);

  std::optional<exit_status> status() const;

  /// Compares bytes with the pattern.
  void verify(stream_kind stream, std::uint64_t offset,
              const shared_bytes& bytes, const char* reader);

  const plan& what() const noexcept {
    return plan_;
  }

  venue& where() noexcept {
    return *where_;
  }

  ledger& log() noexcept {
    return log_;
  }

  std::string to_string() const;

private:
  ledger& log_;
  plan plan_;
  std::shared_ptr<venue> where_;
  std::atomic<bool> disturbed_{false};
  mutable std::mutex mutex_;
  std::string notes_;
  std::optional<exit_status> status_;
  std::optional<std::pair<bool, leftovers>> end_;
  std::optional<cursor> last_;
};

} // namespace procession::soak
