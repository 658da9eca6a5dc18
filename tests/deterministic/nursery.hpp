#pragma once

#include "../texts.hpp"
#include "theatre.hpp"

#include "procession/actors/supervisor.hpp"

#include <map>
#include <set>

namespace procession::test {

/// A child that is a `cat`: permanent, pauses of exactly 1, 2, 4, ... s.
child_spec kid(theatre& t, const std::string& name,
               restart_kind restart = restart_kind::permanent);

/// The same without pauses.
child_spec eager(theatre& t, const std::string& name,
                 restart_kind restart = restart_kind::permanent);

/// An actor that subscribes to a supervisor and monitors it. It checks that the
/// numbers of the events have no holes but the announced ones.
class watcher {
public:
  /// @param window 0: acknowledges every event at once.
  watcher(theatre& t, const supervisor& whom, std::uint64_t window = 0,
          std::uint64_t from = 1);
  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;
  /// Ends the actor.
  ~watcher();

  /// Events since the last look, without their numbers: "a#1 started",
  /// "missed 3-5", "down: ...".
  lines take();

  /// The events themselves.
  const std::vector<supervisor_event>& events() const;

  void ack(std::uint64_t events);
  void unsubscribe();

private:
  struct state;

  theatre& theatre_;
  /// Weak: it does not keep the supervisor alive.
  caf::actor_addr whom_;
  std::shared_ptr<state> state_;
  caf::actor hdl_;
};

/// A supervisor over scripted sessions, with the actors that ask and watch it.
class nursery {
public:
  nursery(theatre& t, std::vector<child_spec> children,
          supervisor_options options = {});
  /// Ends the supervisor if the test has not.
  ~nursery();

  /// Returns the script of the child's latest start.
  script& of(const std::string& name);

  /// Lets the child's program run.
  void up(const std::string& name);

  /// Ends the child's process and closes its session.
  void down(const std::string& name, exit_status status = {});

  /// Lets all started programs run, and all that were asked to end do so, until
  /// there is nothing more to do.
  void obey();

  /// Events since the last look.
  lines events();

  /// "a running", "b backing_off", ...
  lines states();

  /// Returns how often a child was asked for something: "start", "terminate",
  /// "kill".
  std::size_t count(const std::string& name, const std::string& call);

  reply<child_info> restart(const std::string& name);
  reply<child_info> add(child_spec spec);
  reply<caf::unit_t> remove(const std::string& name);
  reply<caf::unit_t> stop(const std::string& name);
  child_info find(const std::string& name);

  theatre& stage;
  peer asker;
  supervisor hdl;
  watcher seen;

private:
  std::set<script*> started_;
  std::set<script*> ended_;
};

} // namespace procession::test
