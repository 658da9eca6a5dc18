#pragma once

#include "story.hpp"

#include "procession/messages/session.hpp"

#include <caf/stateful_actor.hpp>

#include <memory>
#include <optional>

PROCESSION_BEGIN_LOCAL(soak_watcher, 3300)
  /// From a watcher to its player: it subscribes; it is done.
  CAF_ADD_ATOM(soak_watcher, procession::soak, watching_atom, "watching")
  CAF_ADD_ATOM(soak_watcher, procession::soak, done_atom, "done")
  /// From a player: it may leave, since nothing can follow.
  CAF_ADD_ATOM(soak_watcher, procession::soak, leave_atom, "leave")
  /// Asks a player, and through it its watchers, to note what they wait for.
  CAF_ADD_ATOM(soak_watcher, procession::soak, explain_atom, "explain")
PROCESSION_END_LOCAL(soak_watcher)

namespace procession::soak {

struct watcher_args {
  std::shared_ptr<story> tale;
  watcher_plan plan;
  /// Its number among the watchers of the session.
  std::size_t number = 0;
  session of;
  /// The player that it reports to.
  caf::actor boss;
  /// Whether it subscribes before anything can be evicted, so that it gets
  /// every byte.
  bool whole = false;
};

/// Returns whether the error says that the actor is gone.
bool is_gone(const caf::error& x);

/// A subscriber that verifies the rules for subscribers, and behaves as badly
/// as planned.
class watcher {
public:
  static constexpr const char* name = "soak.watcher";

  using pointer = caf::stateful_actor<watcher>*;

  explicit watcher(pointer self) : self_(self), chance_(0) {
    // nop
  }

  caf::behavior make_behavior(watcher_args args);

private:
  void ask_where_to_begin();
  void subscribe(cursor from);
  void on(started& x);
  void on(output& x);
  void on(gap& x);
  void on(exited& x);
  void on(closed& x);
  void check(std::uint64_t seq, const session_id& id);
  void check_totals(const closed& x);
  void acknowledge();
  void leave_if_planned();
  void done();
  void finding(const std::string& what);
  std::string title() const;

  pointer self_;
  watcher_args args_;
  dice chance_;
  cursor at_;
  bool had_bytes_[2] = {false, false};
  std::uint64_t received_ = 0;
  std::uint64_t outstanding_ = 0;
  bool acknowledging_ = false;
  std::uint64_t seq_ = 0;
  std::uint64_t gaps_ = 0;
  bool exited_ = false;
  bool closed_ = false;
  /// Whether it has asked to unsubscribe, and whether that was answered.
  bool leaving_ = false;
  bool left_ = false;
};

caf::behavior watcher_behavior(watcher::pointer self, watcher_args args);

} // namespace procession::soak
