#include "procession/actors/supervision/event_feed.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace procession {

void event_feed::push(supervisor_event x) {
  x.seq = ++last_;
  events_.push_back(std::move(x));
  if (events_.size() > retained_)
    events_.pop_front();
}

void event_feed::publish(supervisor_event x) {
  push(std::move(x));
  for (auto& y : members_)
    deliver(y);
}

caf::result<std::uint64_t>
event_feed::subscribe(const event_subscription& terms) {
  auto sender = self_->current_sender();
  if (sender == nullptr)
    return to_error(no_sender(stage::supervise));
  if (find_sender() != members_.end())
    return make_error(errc::already_subscribed, stage::supervise,
                      "the actor subscribes to this supervisor already");
  if (terms.window == 0)
    return make_error(errc::invalid_argument, stage::supervise,
                      "a window has at least one event");
  auto who = caf::actor_cast<caf::actor_addr>(sender);
  self_->monitor(who);
  auto from = std::clamp<std::uint64_t>(terms.from, 1, next());
  members_.push_back({std::move(who), from, terms.window});
  // Answer first, so that the events follow the answer.
  auto waiting = self_->make_response_promise<std::uint64_t>();
  waiting.deliver(from);
  deliver(members_.back());
  return waiting;
}

caf::result<void> event_feed::unsubscribe(bool watched) {
  auto i = find_sender();
  if (i == members_.end())
    return make_error(errc::not_subscribed, stage::supervise,
                      "the actor does not subscribe to this supervisor");
  if (!watched)
    self_->demonitor(i->who);
  members_.erase(i);
  return caf::unit;
}

void event_feed::acknowledge(std::uint64_t events) {
  auto i = find_sender();
  if (i == members_.end())
    return;
  i->credit = i->credit + events < events ? ~std::uint64_t{0}
                                          : i->credit + events;
  deliver(*i);
}

void event_feed::on_down(const caf::actor_addr& who) {
  std::erase_if(members_, [&](const member& x) { return x.who == who; });
}

void event_feed::finish(std::string why, bool anonymous) {
  supervisor_event last;
  last.what = supervisor_event_kind::ended;
  last.why = std::move(why);
  push(std::move(last));
  for (auto& x : std::exchange(members_, {})) {
    x.credit = ~std::uint64_t{0};
    deliver(x, anonymous);
    self_->demonitor(x.who);
  }
}

std::vector<event_feed::member>::iterator event_feed::find_sender() {
  auto who = caf::actor_cast<caf::actor_addr>(self_->current_sender());
  return std::find_if(members_.begin(), members_.end(),
                      [&](const member& x) { return x.who == who; });
}

template <class T>
void event_feed::send(const caf::actor_addr& whom, T x, bool anonymous) {
  auto to = caf::actor_cast<supervisor_subscriber>(whom);
  if (!to)
    return;
  if (anonymous)
    caf::anon_send(to, std::move(x));
  else
    self_->send(to, std::move(x));
}

void event_feed::deliver(member& x, bool anonymous) {
  auto first = next() - events_.size();
  while (x.credit > 0 && x.next < next()) {
    if (x.next < first) {
      send(x.who, events_missed{x.next, first}, anonymous);
      x.next = first;
    } else {
      send(x.who, events_[x.next - first], anonymous);
      ++x.next;
      --x.credit;
    }
  }
}

} // namespace procession
