#include "overheard.hpp"

#include "procession/runner/parent/runner_connection.hpp"

#include <algorithm>

namespace procession::fuzz {

void overheard::hear(std::string_view bytes) {
  listener_.hear(bytes, [this](frame& x) { on_frame(x); });
}

void overheard::credited(std::uint64_t session, std::uint64_t bytes) {
  if (auto i = sessions_.find(session); i != sessions_.end())
    i->second.credited += std::min(bytes, std::uint64_t{1} << 32);
}

void overheard::on_frame(frame& x) {
  expect(!parted_, "nothing is said behind a goodbye");
  auto& head = x.header();
  switch (head.type) {
    case frame_type::hello:
      expect(!greeted_, "a connection says hello once");
      greeted_ = true;
      body_of<protocol::hello>(x);
      return expect(head.session == 0, "a hello is the channel's");
    case frame_type::goodbye:
      parted_ = true;
      body_of<protocol::goodbye>(x);
      return expect(head.session == 0, "a goodbye is the channel's");
    case frame_type::ping:
    case frame_type::pong:
      return expect(x.body().empty() && head.session == 0,
                    "pings and pongs are empty and the channel's");
    case frame_type::spawn:
      body_of<protocol::spawn>(x);
      expect(greeted_, "first comes the hello");
      expect(head.session > last_number_, "each session has its number");
      last_number_ = head.session;
      sessions_[head.session] = {};
      return;
    default:
      auto i = sessions_.find(head.session);
      expect(i != sessions_.end(), "what is meant was spawned");
      expect(!i->second.abandoned, "what is abandoned is left alone");
      on_session_frame(i->second, x);
  }
}

void overheard::on_session_frame(session& of, const frame& x) {
  switch (x.header().type) {
    case frame_type::input:
      expect(!of.input_closed, "input that was closed has ended");
      expect(!x.body().empty() && x.body().size() <= max_data_body,
             "input comes in pieces of a sensible size");
      of.input += x.body().size();
      return expect(of.input <= protocol::input_window + of.credited,
                    "input stays within its window");
    case frame_type::close_input:
      expect(!of.input_closed, "input is closed once");
      of.input_closed = true;
      break;
    case frame_type::resize:
      body_of<protocol::resize>(x);
      return;
    case frame_type::signal:
      body_of<protocol::signal>(x);
      return;
    case frame_type::output_credit:
      body_of<protocol::credit>(x);
      return;
    case frame_type::abandon:
      of.abandoned = true;
      break;
    case frame_type::terminate:
      body_of<protocol::terminate>(x);
      return;
    case frame_type::kill:
    case frame_type::finish:
      break;
    default:
      expect(false, "a parent says what a parent may");
  }
  expect(x.body().empty(), "what says all by its type carries nothing");
}

} // namespace procession::fuzz
