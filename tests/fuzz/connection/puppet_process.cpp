#include "puppet_process.hpp"

#include "expect.hpp"

namespace procession::fuzz {

class puppet_process::handle : public runner_process {
public:
  explicit handle(puppet_process& x) : puppet_(x) {
    // nop
  }

  ~handle() override {
    expect(!puppet_.destroyed_, "there is one process");
    puppet_.destroyed_ = true;
    puppet_.sink_ = nullptr;
  }

  void start(sink to) override {
    expect(puppet_.sink_ == nullptr, "a process is started once");
    puppet_.sink_ = std::move(to);
  }

  void kill() override {
    puppet_.killed_ = true;
  }

private:
  puppet_process& puppet_;
};

std::unique_ptr<runner_process> puppet_process::make() {
  return std::make_unique<handle>(*this);
}

void puppet_process::tell(runner_event x) {
  // The connection may destroy it meanwhile.
  if (auto sink = sink_)
    sink(std::move(x));
}

void puppet_process::launch() {
  if (at_ != state::fresh)
    return;
  at_ = state::launched;
  tell(runner_launched{4711});
}

void puppet_process::fail_to_launch() {
  if (at_ != state::fresh)
    return;
  at_ = state::gone;
  tell(runner_launch_failed{
    {errc::runner_failed, {stage::launch, 2, "there is none"}}});
}

void puppet_process::connect(const std::shared_ptr<duplex>& stream) {
  if (at_ != state::launched)
    return;
  at_ = state::connected;
  tell(runner_connected{stream});
}

void puppet_process::say(std::string text) {
  if (at_ == state::launched || at_ == state::connected)
    tell(runner_said{std::move(text)});
}

void puppet_process::exit() {
  if (at_ != state::launched && at_ != state::connected)
    return;
  at_ = state::exited;
  tell(runner_exited{});
}

void puppet_process::leave() {
  if (at_ != state::exited)
    return;
  at_ = state::gone;
  tell(runner_gone{});
}

void puppet_process::end() {
  fail_to_launch();
  exit();
  leave();
}

} // namespace procession::fuzz
