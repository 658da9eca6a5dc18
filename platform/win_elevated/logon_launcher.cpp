#include "procession/platform/win_elevated/logon_launcher.hpp"

#include <utility>

namespace procession::windows {

namespace {

/// Nobody can be logged on yet.
class logon_launcher : public runner_launcher {
public:
  explicit logon_launcher(std::string user) : user_(std::move(user)) {
    // nop
  }

  std::variant<launched_runner, failure>
  launch(const runner_command&) override {
    return refusal();
  }

  std::variant<std::string, failure> user_sid() override {
    return refusal();
  }

private:
  failure refusal() const {
    return {errc::runner_failed,
            {stage::logon, ERROR_CALL_NOT_IMPLEMENTED,
             "no runner can be the user '" + user_ + "' on Windows yet"}};
  }

  std::string user_;
};

} // namespace

std::unique_ptr<runner_launcher> make_logon_launcher(std::string user) {
  return std::make_unique<logon_launcher>(std::move(user));
}

} // namespace procession::windows
