#include "reported.hpp"

#include <utility>

namespace procession::fuzz {

void reported::hear(std::string_view bytes) {
  listener_.hear(bytes, [this](frame& x) { on_frame(x); });
}

void reported::on_frame(frame& x) {
  expect(!parted_, "nothing is said behind a goodbye");
  auto& head = x.header();
  switch (head.type) {
    case frame_type::hello: {
      expect(!greeted_, "a host says hello once");
      greeted_ = true;
      auto body = body_of<protocol::hello>(x);
      expect(body.pid > 0, "a host says who it is");
      break;
    }
    case frame_type::goodbye:
      parted_ = true;
      body_of<protocol::goodbye>(x);
      break;
    case frame_type::ping:
      return expect(false, "a host does not mind a silent parent");
    case frame_type::pong:
      expect(x.body().empty(), "a pong is empty");
      break;
    default:
      expect(head.session != 0, "what is told is of a session");
      return on_session_frame(sessions_[head.session], x);
  }
  expect(greeted_, "a host begins with a hello");
  expect(head.session == 0, "the channel's frames are of no session");
}

void reported::on_session_frame(session& of, const frame& x) {
  using state = session::state;
  expect(of.at != state::over, "nothing comes behind the end of a session");
  auto type = x.header().type;
  if (type == frame_type::spawned)
    return on_spawned(of, x);
  if (type == frame_type::spawn_failed) {
    body_of<protocol::failed>(x);
    expect(of.at == state::fresh, "what was started has not failed to");
    of.at = state::over;
    return;
  }
  if (type == frame_type::closed)
    return on_closed(of, x);
  expect(of.child != nullptr, "what tells something was started");
  switch (type) {
    case frame_type::output:
      return on_output(of, x);
    case frame_type::exited:
      return on_exited(of, x);
    case frame_type::input_credit:
      of.taken += body_of<protocol::credit>(x).bytes;
      expect(!of.broken, "of a broken input nothing is taken");
      return expect(of.taken <= of.child->taken(), "what was taken was taken");
    case frame_type::input_refused:
      of.taken += body_of<protocol::input_refused>(x).bytes;
      expect(!of.broken, "of a broken input nothing is refused");
      return expect(of.taken <= of.child->taken(),
                    "what was refused was refused");
    case frame_type::stopped:
      body_of<protocol::stopped>(x);
      expect(of.at == state::running && !std::exchange(of.stopped, true),
             "a program that runs stops");
      return;
    case frame_type::continued:
      expect(x.body().empty(), "that it goes on is said without a body");
      expect(of.at == state::running && std::exchange(of.stopped, false),
             "a program that was stopped goes on");
      return;
    case frame_type::input_broken:
      body_of<protocol::failed>(x);
      expect(!of.broken, "input breaks once");
      of.broken = true;
      return;
    case frame_type::notified:
      expect(x.body().empty(), "a notification is empty");
      expect(of.at == state::running && !of.notified,
             "a program that runs notifies once");
      of.notified = true;
      return;
    case frame_type::answered: {
      auto request = body_of<protocol::answered>(x).request;
      auto& answers = of.child->answers();
      auto i = answers.find(request);
      return expect(i != answers.end() && ++of.answers[request] <= i->second,
                    "an answer is the child's");
    }
    default:
      expect(false, "a runner says what a runner may");
  }
}

void reported::on_spawned(session& of, const frame& x) {
  auto pid = body_of<protocol::spawned>(x).pid;
  expect(of.at == session::state::fresh, "a session starts once");
  expect(pid > 0 && static_cast<std::size_t>(pid) <= children_.puppets.size(),
         "what is said to run was made");
  of.child = children_.puppets[static_cast<std::size_t>(pid) - 1].get();
  expect(of.child->started(), "what is said to run runs");
  for (auto& [number, other] : sessions_)
    expect(&other == &of || other.child != of.child, "a child has one number");
  of.at = session::state::running;
}

void reported::on_output(session& of, const frame& x) {
  auto stream = x.header().flags;
  expect(stream < 2, "there are two streams");
  auto& seen = of.output[stream];
  auto n = x.body().size();
  expect(n > 0 && n <= max_data_body, "output comes in pieces");
  expect(!of.drained, "output that was read to the end has ended");
  expect(seen + n <= of.child->produced()[stream], "output is the child's");
  expect(output_at(of.child->pid(), static_cast<stream_kind>(stream), seen, n)
           == text(x.body()),
         "output comes in order, without a hole");
  seen += n;
}

void reported::on_exited(session& of, const frame& x) {
  auto body = body_of<protocol::exited>(x);
  expect(of.at == session::state::running && of.child->exited(),
         "a session exits once, when its process does");
  expect(of.output == of.child->produced_before_exit(),
         "what came before an exit is told before it");
  of.at = session::state::exited;
  of.drained = body.drained;
}

void reported::on_closed(session& of, const frame& x) {
  body_of<protocol::closed>(x);
  auto number = x.header().session;
  auto finished = of.at == session::state::exited && of.child->finished()
                  && of.output == of.child->produced();
  expect(finished || anything_ || abandoned_.contains(number),
         "what is closed has told all, or was abandoned");
  of.at = session::state::over;
}

} // namespace procession::fuzz
