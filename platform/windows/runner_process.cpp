#include "procession/platform/windows/runner_process.hpp"

#include "procession/platform/reactor_queue.hpp"
#include "procession/platform/windows/runtime_impl.hpp"
#include "procession/platform/windows/system.hpp"

#include <system_error>
#include <utility>

namespace procession::windows {

namespace {

using runtime_ref = impl_ref<runtime::impl>;

failure no_runners() {
  return {errc::runner_failed,
          {stage::launch, ERROR_CALL_NOT_IMPLEMENTED,
           "there are no runners on Windows yet"}};
}

class refused_process : public runner_process {
public:
  explicit refused_process(runtime_ref where) : where_(std::move(where)) {
    // nop
  }

  void start(sink to) override {
    where_.on_reactor(
      [to = std::move(to)] { to(runner_launch_failed{no_runners()}); });
  }

  void kill() override {
    // nop
  }

private:
  runtime_ref where_;
};

class windows_port : public runner_port {
public:
  explicit windows_port(runtime_ref where) : where_(std::move(where)) {
    // nop
  }

  std::shared_ptr<work_queue> work() override {
    return std::make_shared<reactor_queue<runtime::impl>>(where_);
  }

  std::unique_ptr<runner_process> make_process(const runner_options&,
                                               std::string) override {
    return std::make_unique<refused_process>(where_);
  }

  std::variant<std::shared_ptr<duplex>, failure>
  open_channel(const channel_address&) override {
    return no_runners();
  }

  runner_identity take_identity() override {
    runner_identity result;
    result.pid = ::GetCurrentProcessId();
    return result;
  }

  std::string make_nonce() override {
    auto result = random_name(16);
    if (result.empty())
      throw std::system_error{ERROR_GEN_FAILURE, std::system_category(),
                              "no random bytes are to be had"};
    return result;
  }

private:
  runtime_ref where_;
};

} // namespace

std::shared_ptr<runner_port>
make_runner_port(std::shared_ptr<runtime::impl> owner) {
  return std::make_shared<windows_port>(runtime_ref{owner});
}

} // namespace procession::windows
