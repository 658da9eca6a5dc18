#include "procession/actors/spawner.hpp"

#include "procession/actors/common/actor_timer.hpp"
#include "procession/actors/common/state_machine.hpp"
#include "procession/actors/common/waiters.hpp"
#include "procession/actors/session/session_actor.hpp"
#include "procession/actors/session/session_owners.hpp"
#include "procession/io/reactor/deadlines.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace procession {

namespace {

/// The interface of a spawner, and the messages from its sessions and its
/// timer.
using spawner_impl = extended<spawner, caf::result<void>(session_over),
                              caf::result<void>(timer_fired)>;

/// Collects the answers of many sessions into one list.
struct listing {
  caf::typed_response_promise<std::vector<session_info>> waiting;
  std::vector<session_info> collected;
  std::size_t missing = 0;

  void one_less() {
    if (--missing != 0)
      return;
    auto by_age = [](const session_info& x, const session_info& y) {
      return x.started < y.started;
    };
    std::stable_sort(collected.begin(), collected.end(), by_age);
    waiting.deliver(std::move(collected));
  }
};

class spawner_machine : public state_machine<spawner_impl, spawner_machine> {
public:
  static constexpr const char* name = "procession.spawner";

  using state_machine::state_machine;

  /// Ends all sessions.
  ~spawner_machine() {
    shutdowns_.fail(make_error(errc::runtime_stopped, stage::run,
                               "the spawner has ended, and its sessions end "
                               "with it"));
    for (auto& [id, hdl] : sessions_)
      caf::anon_send_exit(hdl, caf::exit_reason::user_shutdown);
    for (auto& [who, x] : replaced_)
      caf::anon_send_exit(x.hdl, caf::exit_reason::user_shutdown);
  }

  spawner_impl::behavior_type
  make_behavior(std::shared_ptr<child_factory> children,
                spawner_options options) {
    children_ = std::move(children);
    options_ = options;
    self_->set_down_handler([this](caf::down_msg& x) { on_down(x.source); });
    timer_.attach(self_);
    return {
      [this](spawn_atom, command& spec) {
        return spawn(std::move(spec), std::nullopt);
      },
      [this](spawn_atom, command& spec, const subscription& terms) {
        return spawn(std::move(spec), terms);
      },
      [this](find_atom, const session_id& id) { return find(id); },
      [this](list_atom) { return list(); },
      [this](terminate_atom) { return terminate_all(std::nullopt); },
      [this](terminate_atom, caf::timespan grace) {
        return terminate_all(grace);
      },
      [this](session_over& x) { on_over(std::move(x)); },
      [this](timer_fired) { release_due(); },
    };
  }

private:
  /// A closed session that has lost its name to a newer one.
  struct replaced_session {
    session_impl hdl;
    std::uint64_t number = 0;
  };

  /// @param terms if they are set, the sender subscribes with them.
  caf::result<session> spawn(command spec,
                             const std::optional<subscription>& terms) {
    if (auto bad = validate(spec))
      return to_error(*bad);
    if (terms && self_->current_sender() == nullptr)
      return to_error(no_sender(stage::admit));
    if (terms && (terms->window == 0 || terms->from != cursor{}))
      return to_error(invalid_argument("a new session is subscribed to from "
                                       "its beginning, with a window of at "
                                       "least one byte",
                                       stage::validate));
    if (sessions_.size() - closed_.size() >= options_.max_sessions)
      return make_error(errc::session_limit, stage::admit,
                        std::to_string(options_.max_sessions)
                          + " sessions live already");
    if (spec.id.empty())
      spec.id = next_id();
    else if (sessions_.count(spec.id) != 0 && !make_way(spec.id))
      return make_error(errc::duplicate_session, stage::admit,
                        "there is a session '" + spec.id + "' already");
    caf::actor_addr owner;
    if (spec.owner == ownership::sender && self_->current_sender() != nullptr)
      owner = caf::actor_cast<caf::actor_addr>(self_->current_sender());
    caf::delegated<session> result;
    launch_session(*self_, owner, spec, children_->make_child(),
                   [&](const session_impl& made) {
                     self_->monitor(made);
                     if (owner && owners_.add(made.address(), owner))
                       self_->monitor(owner);
                     ids_.emplace(made.address(), spec.id);
                     sessions_.emplace(spec.id, made);
                     result = terms
                                ? self_->delegate(made, start_atom_v, *terms)
                                : self_->delegate(made, start_atom_v);
                   });
    return result;
  }

  /// Frees the name of a closed session, which is retained as before for actors
  /// that have its handle.
  /// @returns false if it is not closed yet, or too many sessions have lost
  ///          their names.
  bool make_way(const session_id& id) {
    if (replaced_.size() >= options_.max_retained)
      return false;
    auto closed = closed_.extract(id);
    if (!closed)
      return false;
    auto hdl = sessions_.extract(id).mapped();
    ids_.erase(hdl.address());
    replaced_.emplace(hdl.address(), replaced_session{hdl, closed.mapped()});
    return true;
  }

  session_id next_id() {
    auto result = session_id{};
    do
      result = "s" + std::to_string(++last_id_);
    while (sessions_.count(result) != 0);
    return result;
  }

  caf::result<session> find(const session_id& id) {
    auto i = sessions_.find(id);
    if (i == sessions_.end())
      return make_error(errc::no_such_session, stage::admit,
                        "there is no session '" + id + "'");
    return session{i->second};
  }

  caf::result<std::vector<session_info>> list() {
    auto waiting = self_->make_response_promise<std::vector<session_info>>();
    if (sessions_.empty()) {
      waiting.deliver(std::vector<session_info>{});
      return waiting;
    }
    auto collector = std::make_shared<listing>();
    collector->waiting = waiting;
    collector->missing = sessions_.size();
    for (auto& [id, hdl] : sessions_)
      // A session answers at once, or is gone, and then the request fails.
      self_->request(hdl, caf::infinite, info_atom_v)
        .then(
          [=](session_info& x) {
            collector->collected.push_back(std::move(x));
            collector->one_less();
          },
          [=](const caf::error&) { collector->one_less(); });
    return waiting;
  }

  /// @param grace if it is empty, the grace of each command applies.
  caf::result<void> terminate_all(std::optional<caf::timespan> grace) {
    std::unordered_set<session_id> missing;
    for (auto& [id, hdl] : sessions_)
      if (closed_.count(id) == 0)
        missing.insert(id);
    if (missing.empty())
      return caf::unit;
    if (!shutdowns_.has_room())
      return too_many_wait(stage::run);
    for (auto& id : missing)
      if (auto& hdl = sessions_.at(id); grace)
        caf::anon_send(hdl, terminate_atom_v, *grace);
      else
        caf::anon_send(hdl, terminate_atom_v);
    return shutdowns_.add(self_, stage::run, std::move(missing));
  }

  /// Removes a closed session from the shutdowns that wait for it.
  void count_off(const session_id& id) {
    shutdowns_.answer_if([&](std::unordered_set<session_id>& missing) {
      return missing.erase(id) != 0 && missing.empty();
    });
  }

  /// Handles a closed session: it no longer counts, and is kept for a while.
  void on_over(session_over x) {
    if (sessions_.count(x.id) == 0)
      return;
    count_off(x.id);
    auto due = self_->clock().now() + x.retention;
    auto number = ++last_closed_;
    closed_.emplace(x.id, number);
    retained_.emplace(number, sessions_.at(x.id));
    due_.set(number, due);
    while (retained_.size() > options_.max_retained)
      release(retained_.begin()->first);
    timer_.fire_at(due);
  }

  void release_due() {
    if (!timer_.fired())
      return;
    auto now = self_->clock().now();
    // Sessions that are due shortly after each other share one message.
    auto soonest = now;
    while (auto number = due_.take_due(now)) {
      release(*number);
      soonest = now + std::chrono::seconds{1};
    }
    if (auto next = due_.next())
      timer_.fire_at(std::max(*next, soonest));
  }

  /// Releases a closed session.
  void release(std::uint64_t number) {
    auto retained = retained_.extract(number);
    due_.clear(number);
    if (retained)
      self_->send(retained.mapped(), session_release{});
  }

  void on_down(const caf::actor_addr& who) {
    for (auto& x : owners_.take(who))
      if (auto hdl = caf::actor_cast<session_impl>(x))
        self_->send(hdl, session_orphaned{});
    forget(who);
  }

  void forget(const caf::actor_addr& who) {
    if (auto owner = owners_.remove(who))
      self_->demonitor(owner);
    if (auto replaced = replaced_.extract(who))
      drop(replaced.mapped().number);
    auto i = ids_.find(who);
    if (i == ids_.end())
      return;
    count_off(i->second);
    sessions_.erase(i->second);
    if (auto closed = closed_.extract(i->second))
      drop(closed.mapped());
    ids_.erase(i);
  }

  /// Removes the entries of a closed session that is gone.
  void drop(std::uint64_t number) {
    retained_.erase(number);
    due_.clear(number);
  }

  std::shared_ptr<child_factory> children_;
  spawner_options options_;
  std::unordered_map<session_id, session_impl> sessions_;
  std::unordered_map<caf::actor_addr, session_id> ids_;
  session_owners owners_;
  /// Closed sessions that have lost their names to newer ones.
  std::unordered_map<caf::actor_addr, replaced_session> replaced_;
  /// Closed sessions that have their names. Each has a number, in the order of
  /// closing.
  std::unordered_map<session_id, std::uint64_t> closed_;
  std::uint64_t last_closed_ = 0;
  /// Closed sessions that were not released yet, by that number.
  std::map<std::uint64_t, session_impl> retained_;
  /// When they are released, by that number.
  deadlines<std::uint64_t> due_;
  /// Requests to terminate all, each with the sessions that are not closed yet.
  waiters<void, std::unordered_set<session_id>> shutdowns_;
  actor_timer timer_;
  std::uint64_t last_id_ = 0;
};

} // namespace

spawner make_spawner(caf::actor_system& sys, const runtime& rt,
                     spawner_options options) {
  return make_spawner(sys, rt.local(), options);
}

spawner make_spawner(caf::actor_system& sys,
                     std::shared_ptr<child_factory> children,
                     spawner_options options) {
  return spawner_machine::spawn_in(sys, std::move(children), options);
}

} // namespace procession
