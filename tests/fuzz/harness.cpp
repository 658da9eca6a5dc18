#include "harness.hpp"

#include <system_error>

namespace procession::fuzz {

using test::side;

harness::harness(input script, side tested)
  : in_(script), here_(tested),
    there_(tested == side::left ? side::right : side::left) {
  // nop
}

void harness::run() {
  begin();
  for (int i = 0; i < 1000 && !in_.empty(); ++i)
    step();
  end();
}

void harness::listen() {
  auto heard = wire_.take(there_);
  if (!deaf_)
    hear(heard);
}

void harness::say(frame_type type, std::uint64_t session, std::string_view body,
                  std::uint16_t flags) {
  wire_.inject(here_, peer_.frame(type, session, body, flags));
}

void harness::say_anything(std::uint64_t session) {
  auto type = static_cast<frame_type>(in_.byte());
  say(type, session, in_.bytes(in_.byte()));
}

void harness::say_large(std::uint64_t session) {
  say(static_cast<frame_type>(in_.byte()), session,
      std::string(in_.flag() ? max_frame_body : 70000, 'x'));
}

void harness::disturb_wire(int which) {
  switch (which) {
    case 0:
      return wire_.hold(here_);
    case 1:
      return wire_.flow(here_);
    case 2:
      wire_.deliver(here_, in_.byte() + 1);
      return;
    case corruption:
      return wire_.corrupt(here_, in_.byte(), in_.byte());
    case 4:
      return wire_.limit(there_, in_.flag() ? in_.number(2) : 0);
    case 5:
      return wire_.limit(there_, test::wire::all);
    case 6:
      return wire_.cut(here_);
    default:
      deaf_ = true;
      return wire_.fail(in_.flag() ? side::left : side::right,
                        std::make_error_code(std::errc::connection_reset));
  }
}

void harness::check_idle() const {
  expect(work_->next_wake_up() == decltype(work_->next_wake_up())::max(),
         "nothing is left to be waited for");
}

} // namespace procession::fuzz
