#include "procession/platform/win_elevated/logon_launcher.hpp"

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/desktop.hpp"
#include "procession/platform/win_elevated/logon.hpp"
#include "procession/platform/win_elevated/rules/logon_policy.hpp"
#include "procession/platform/win_elevated/sandbox_accounts.hpp"
#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <mutex>
#include <utility>

namespace procession::windows {

namespace {

/// Held during a logon: two attempts at once would be four wrong passwords. One
/// for all runtimes of the process, as the accounts are.
std::mutex& logon_mutex() {
  static std::mutex result;
  return result;
}

class logon_launcher : public runner_launcher {
public:
  logon_launcher(std::string user, std::unique_ptr<credential_store> store)
    : user_(std::move(user)), store_(std::move(store)) {
    // nop
  }

  expected<started_process> launch(const runner_command& what) override {
    auto loaded = store_->load(user_);
    if (!loaded)
      return std::move(loaded.error());
    auto& password = *loaded;
    auto sid = user_sid();
    if (!sid)
      return std::move(sid.error());
    if (auto bad = open_desktop_to(*sid))
      return std::move(*bad);
    started_process result;
    logon_steps steps;
    steps.now = [] { return logon_clock::now(); };
    steps.paused_until = [&] { return store_->paused_until(user_); };
    steps.pause = [&](auto until) { return store_->pause(user_, until); };
    steps.attempt = [&]() -> std::optional<failure> {
      auto started = start_as(user_, password, what);
      if (!started)
        return std::move(started.error());
      result = std::move(*started);
      return std::nullopt;
    };
    steps.refresh = [&] { return refresh(password); };
    std::lock_guard guard{logon_mutex()};
    if (auto bad = log_on(user_, to_utf8(from_wide(what.path)), steps))
      return std::move(*bad);
    return result;
  }

  expected<std::string> user_sid() override {
    return account_sid(user_);
  }

private:
  /// Loads the password again, in case another process has changed and stored
  /// it; else changes it.
  std::optional<failure> refresh(secret& password) {
    auto loaded = store_->load(user_);
    if (!loaded)
      return std::move(loaded.error());
    if (auto& stored = *loaded; !(stored == password)) {
      password = std::move(stored);
      return std::nullopt;
    }
    if (auto bad = renew_password(user_, *store_))
      return bad;
    loaded = store_->load(user_);
    if (!loaded)
      return std::move(loaded.error());
    password = std::move(*loaded);
    return std::nullopt;
  }

  std::string user_;
  std::unique_ptr<credential_store> store_;
};

} // namespace

std::unique_ptr<runner_launcher>
make_logon_launcher(std::string user, std::unique_ptr<credential_store> store) {
  if (store == nullptr)
    store = make_protected_file_store();
  return std::make_unique<logon_launcher>(std::move(user), std::move(store));
}

} // namespace procession::windows
