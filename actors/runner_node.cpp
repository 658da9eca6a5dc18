#include "procession/actors/runner_node.hpp"

#include "procession/actors/common/state_machine.hpp"
#include "procession/actors/common/waiters.hpp"
#include "procession/runner/parent/runner_succession.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

namespace procession {

/// The state of the runners, sent to their actor at each change and on request.
using runner_change = runner_succession::change;

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_runner_node, 3028)
  PROCESSION_LOCAL(procession_runner_node, procession::runner_change)
PROCESSION_END_LOCAL(procession_runner_node)

namespace procession {

namespace {

using runner_impl = extended<runner, caf::result<void>(runner_change)>;
using succession_ptr = std::shared_ptr<runner_succession>;

/// Creates the children for the nodes and the spawners of a runner. The runner
/// ends when they have all released this factory.
class leased_factory : public child_factory {
public:
  explicit leased_factory(succession_ptr runners)
    : runners_(std::move(runners)),
      children_(make_children(runners_->work(), [runners = runners_] {
        return runners->next();
      })) {
    // nop
  }

  ~leased_factory() override {
    runners_->work()->post([runners = runners_] { runners->release(); });
  }

  std::unique_ptr<child> make_child() override {
    return children_->make_child();
  }

private:
  succession_ptr runners_;
  std::shared_ptr<child_factory> children_;
};

/// The actor of the runners. They keep it alive: an actor that merely becomes
/// unreachable would end on the thread that released it last, and the actor
/// system might be gone before that is done.
class runner_machine : public state_machine<runner_impl, runner_machine> {
public:
  static constexpr const char* name = "procession.runner";

  using state_machine::state_machine;

  /// Answers all waiting requests, as a dropped promise sends no answer.
  ~runner_machine() {
    stop();
    auto why = make_error(errc::runner_lost, stage::channel,
                          "the runner's actor has ended");
    for (auto waiting : {&waiting_, &asking_, &stopping_})
      waiting->fail(why);
  }

  runner_impl::behavior_type make_behavior(succession_ptr runners) {
    runners_ = std::move(runners);
    return {
      [this](wait_atom) -> caf::result<runner_info> {
        if (info_.state == runner_state::up)
          return info_;
        if (info_.state == runner_state::down)
          return to_error(info_.why);
        return waiting_.add(self_, stage::channel);
      },
      [this](info_atom) -> caf::result<runner_info> {
        if (over_)
          return info_;
        runners_->work()->post([runners = runners_] { runners->tell(); });
        return asking_.add(self_, stage::channel);
      },
      [this](stop_atom) -> caf::result<runner_info> {
        if (over_) {
          self_->quit();
          return info_;
        }
        auto result = stopping_.add(self_, stage::channel);
        stop();
        return result;
      },
      [this](runner_change& x) { on(x); },
    };
  }

private:
  void stop() {
    if (runners_ != nullptr)
      runners_->work()->post([runners = runners_] { runners->stop(); });
  }

  void on(runner_change& x) {
    info_ = std::move(x.now);
    over_ = x.over;
    asking_.deliver(info_);
    if (info_.state == runner_state::up)
      waiting_.deliver(info_);
    was_up_ |= info_.state == runner_state::up;
    if (info_.state != runner_state::down)
      return;
    // The reason is known only now.
    waiting_.fail(to_error(info_.why));
    if (!over_)
      return;
    auto asked = !stopping_.empty();
    stopping_.deliver(info_);
    if (asked || x.last)
      self_->quit();
    else if (was_up_)
      self_->quit(to_error(info_.why));
  }

  succession_ptr runners_;
  runner_info info_;
  /// The runner is down, and no other one follows.
  bool over_ = false;
  /// Whether a runner has ever been up. If not, the actor stays to tell the
  /// reason.
  bool was_up_ = false;
  waiters<runner_info> waiting_;
  waiters<runner_info> asking_;
  waiters<runner_info> stopping_;
};

} // namespace

runner_node start_runner(caf::actor_system& sys, const runtime& rt,
                         runner_options options) {
  return start_runner(sys, make_runner_port(rt), std::move(options));
}

runner_node start_runner(caf::actor_system& sys,
                         std::shared_ptr<runner_port> port,
                         runner_options options) {
  auto runners = runner_succession::make(std::move(port), std::move(options));
  auto hdl = runner_machine::spawn_in(sys, runners);
  runners->work()->post([runners, hdl] {
    runners->start([hdl](const runner_change& x) { caf::anon_send(hdl, x); });
  });
  return {hdl, std::make_shared<leased_factory>(runners)};
}

spawner make_spawner(caf::actor_system& sys, const runner_node& where,
                     spawner_options options) {
  return make_spawner(sys, where.children(), options);
}

} // namespace procession
