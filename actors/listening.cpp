#include "procession/actors/listening.hpp"

#include <memory>
#include <utility>

namespace procession {

namespace {

/// Returns a handler that calls a function of the listener, if it is set.
template <class Event>
auto calling(std::shared_ptr<const listener> events,
             std::function<void(const Event&)> listener::* member) {
  return [events = std::move(events), member](const Event& x) {
    if (auto& f = (*events).*member)
      f(x);
  };
}

} // namespace

caf::message_handler listening(caf::event_based_actor* self, listener events) {
  auto shared = std::make_shared<const listener>(std::move(events));
  return {
    calling(shared, &listener::started),
    [self, shared](const output& x) {
      // The function may change the current sender.
      auto source = caf::actor_cast<session>(self->current_sender());
      if (shared->output)
        shared->output(x);
      self->send(source, ack_atom_v, x.bytes.size());
    },
    calling(shared, &listener::gap),
    calling(shared, &listener::stopped),
    calling(shared, &listener::continued),
    calling(shared, &listener::exited),
    calling(shared, &listener::closed),
  };
}

void open(caf::event_based_actor* self, const spawner& where, command what,
          std::function<void(const session&)> opened,
          std::function<void(const caf::error&)> failed, subscription terms) {
  if (!failed)
    failed = [self](const caf::error& why) { self->quit(why); };
  self->request(where, caf::infinite, spawn_atom_v, std::move(what), terms)
    .then(
      [opened = std::move(opened)](const session& made) {
        if (opened)
          opened(made);
      },
      failed);
}

void send_input(caf::event_based_actor* self, const session& to,
                shared_bytes bytes) {
  self->request(to, caf::infinite, write_atom_v, std::move(bytes))
    .then([](std::uint64_t) {},
          [self](caf::error& why) {
            if (!is(why, errc::already_exited) && !is(why, errc::stdin_closed))
              self->quit(std::move(why));
          });
}

} // namespace procession
