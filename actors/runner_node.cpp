#include "procession/actors/runner_node.hpp"

#include "procession/actors/runner_link.hpp"

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <vector>

namespace procession {

/// What the link tells its actor, at each change and when asked.
struct runner_change {
  runner_info now;
};

} // namespace procession

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::runner_change)

namespace procession {

namespace {

using runner_impl = runner::extend<caf::reacts_to<runner_change>>;

/// Children that keep the runner's actor, and so the runner, alive.
class keeping_factory : public child_factory {
public:
  keeping_factory(runner keep, std::shared_ptr<child_factory> children)
    : keep_(std::move(keep)), children_(std::move(children)) {
    // nop
  }

  std::unique_ptr<child> make_child() override {
    return children_->make_child();
  }

private:
  runner keep_;
  std::shared_ptr<child_factory> children_;
};

/// Owns the link: it ends with this actor.
class runner_machine {
public:
  static constexpr const char* name = "procession.runner";

  using pointer = runner_impl::stateful_pointer<runner_machine>;

  explicit runner_machine(pointer self) : self_(self) {
    // nop
  }

  runner_machine(const runner_machine&) = delete;
  runner_machine& operator=(const runner_machine&) = delete;

  /// Answers all who wait: a promise that is dropped tells nobody.
  ~runner_machine() {
    stop();
    auto why = make_error(errc::runner_lost, stage::channel,
                          "the runner's actor has ended");
    for (auto waiting : {&waiting_, &asking_, &terminating_})
      for (auto& x : *waiting)
        x.deliver(why);
  }

  runner_impl::behavior_type make_behavior(std::shared_ptr<runner_link> link) {
    link_ = std::move(link);
    return {
      [this](wait_atom) -> caf::result<runner_info> {
        if (info_.state == runner_state::up)
          return info_;
        if (knows_why())
          return to_error(info_.why);
        waiting_.push_back(self_->make_response_promise<runner_info>());
        return waiting_.back();
      },
      [this](info_atom) -> caf::result<runner_info> {
        if (info_.state == runner_state::down)
          return info_;
        asking_.push_back(self_->make_response_promise<runner_info>());
        link_->work().post([link = link_] { link->tell(); });
        return asking_.back();
      },
      [this](terminate_atom) -> caf::result<runner_info> {
        terminating_.push_back(self_->make_response_promise<runner_info>());
        stop();
        return terminating_.back();
      },
      [this](runner_change& x) { on(std::move(x.now)); },
    };
  }

private:
  using promise = caf::typed_response_promise<runner_info>;

  /// Whether it ends and it is known why: when its process has ended but not
  /// its channel, or the other way round, the reason is still to come.
  bool knows_why() const {
    return info_.state == runner_state::down
           || (info_.state == runner_state::ending
               && !info_.why.detail.text.empty());
  }

  void stop() {
    if (link_ != nullptr)
      link_->work().post([link = link_] { link->stop(); });
  }

  void on(runner_info now) {
    info_ = std::move(now);
    for (auto& x : std::exchange(asking_, {}))
      x.deliver(info_);
    if (info_.state == runner_state::up)
      for (auto& x : std::exchange(waiting_, {}))
        x.deliver(info_);
    if (knows_why())
      for (auto& x : std::exchange(waiting_, {}))
        x.deliver(to_error(info_.why));
    if (info_.state != runner_state::down)
      return;
    auto asked = !terminating_.empty();
    for (auto& x : std::exchange(terminating_, {}))
      x.deliver(info_);
    self_->quit(asked ? caf::error{} : to_error(info_.why));
  }

  pointer self_;
  std::shared_ptr<runner_link> link_;
  runner_info info_;
  std::vector<promise> waiting_;
  std::vector<promise> asking_;
  std::vector<promise> terminating_;
};

runner_impl::behavior_type
runner_behavior(runner_impl::stateful_pointer<runner_machine> self,
                std::shared_ptr<runner_link> link) {
  return self->state.make_behavior(std::move(link));
}

} // namespace

runner_node start_runner(caf::actor_system& sys, const runtime& rt,
                         runner_options options) {
  auto port = rt.runners();
  auto nonce = port->make_nonce();
  auto link = runner_link::make(port->work(), options, nonce);
  auto hdl = sys.spawn(runner_behavior, link);
  auto tell = [to = hdl.address()](const runner_info& x) {
    if (auto it = caf::actor_cast<runner_impl>(to))
      caf::anon_send(it, runner_change{x});
  };
  link->work().post(
    [link, port, options = std::move(options), nonce = std::move(nonce), tell] {
      link->start(port->make_process(options, nonce), tell);
    });
  auto children = make_children(std::move(link));
  return {hdl, std::make_shared<keeping_factory>(hdl, std::move(children))};
}

spawner make_spawner(caf::actor_system& sys, const runner_node& where,
                     spawner_options options) {
  return make_spawner(sys, where.children(), options);
}

} // namespace procession
