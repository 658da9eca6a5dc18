#include "procession/platform/windows/console_closer.hpp"

#include <utility>

namespace procession::windows {

console_closer::console_closer(stream_owner& owner, loop& reactor,
                               std::function<void()> closed)
  : owner_(owner), reactor_(reactor), closed_(std::move(closed)) {
  // nop
}

console_closer::~console_closer() {
  // Only if the runtime gave up on the process.
  if (thread_.joinable())
    thread_.detach();
}

void console_closer::open(std::shared_ptr<pseudoconsole> console) {
  console_ = std::move(console);
}

void console_closer::close() {
  if (console_ == nullptr)
    return;
  closing_ = true;
  thread_ = std::thread{
    [this, owner = owner_.keep(), x = std::move(console_)]() mutable {
      x.reset();
      auto& reactor = reactor_;
      // Moved along, as the last reference must be dropped on the reactor.
      reactor.post([this, owner = std::move(owner)] {
        closing_ = false;
        closed_();
      });
    }};
}

void console_closer::join() {
  if (thread_.joinable())
    thread_.join();
}

} // namespace procession::windows
