#pragma once

#include "census.hpp"
#include "ledger.hpp"
#include "plan.hpp"
#include "story.hpp"

#include "procession/actors/actor_system.hpp"
#include "procession/actors/runner_node.hpp"
#include "procession/messages/config.hpp"
#include "procession/platform/runtime.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace procession::soak {

/// The common settings of all rounds of a soak, and of its hosts.
struct settings {
  std::string directory;
  std::string program;
  /// Empty: each round takes one of the available kinds.
  std::optional<containment_kind> containment;
  bool local = true;
  bool runners = true;
  /// The user of some runners; empty for our own user only.
  std::string runner_user;
  /// Whether hosts go on after a finding.
  bool keep_going = false;
};

/// The way in which a spawner ends.
enum class retirement : std::uint8_t {
  /// It is released once its sessions are over.
  last_of_all,
  /// It is asked to end its sessions first.
  terminates,
  /// It is released with its sessions.
  let_go,
  /// It is sent an exit message.
  exits,
};

/// A runtime with an actor system and some spawners, in which many sessions are
/// played at a time. Used by one thread.
class stage {
public:
  using plan_maker = plan (*)(std::uint64_t, std::uint32_t, const plan_terms&);

  stage(ledger& log, const settings& terms, census& processes,
        containment_kind kind, std::uint32_t seed);
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;
  ~stage();

  /// Starts sessions until `live` of them live.
  void populate(std::size_t live, plan_maker make);

  /// Waits until a session is over, or for the time.
  void await_change(milliseconds time);

  /// Causes trouble for the spawners, the runner or the keeper.
  /// @param with_keeper whether the keeper may be lost as well.
  void make_mischief(bool with_keeper);

  /// Ends everything in some way, and waits until it is over.
  void finish();

private:
  struct place {
    std::shared_ptr<venue> where;
    std::optional<runner_node> runner;
  };

  struct play {
    std::shared_ptr<story> tale;
    caf::actor player;
  };

  place open_place(bool far);
  void replace(place& x, retirement how);
  void retire(place& x, retirement how);
  void terminate_all(place& x);
  void kill_keeper();
  void check_keeper();
  void kill_runner();
  void stop_runner();
  void wake_runners(bool all);
  std::optional<pid_t> pid_of(const place& x);
  place* far_place();
  std::size_t live();
  void report(const std::map<std::uint64_t, play>& left);

  ledger& log_;
  const settings& terms_;
  census& processes_;
  dice chance_;
  plan_terms plan_terms_;
  runtime runtime_;
  config config_;
  actor_system system_;
  caf::scoped_actor self_;
  std::vector<place> places_;
  /// Spawners that end with the last of their sessions.
  std::vector<place> fading_;
  std::optional<pid_t> lost_keeper_;
  ledger::clock::time_point keeper_due_;
  /// Runners that are stopped, by the time at which they go on.
  std::multimap<ledger::clock::time_point, pid_t> stopped_;
  std::uint64_t last_place_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  /// The present plays, by number.
  std::map<std::uint64_t, play> plays_;
};

} // namespace procession::soak
