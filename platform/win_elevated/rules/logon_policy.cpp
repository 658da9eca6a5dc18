#include "procession/platform/win_elevated/rules/logon_policy.hpp"

#include "procession/platform/windows/rules/lookup.hpp"

#include <algorithm>
#include <array>

namespace procession::windows {

namespace {

constexpr std::array mended{wrong_password, no_such_logon_session,
                            account_disabled};

bool is_one_of(std::int32_t code) {
  return std::find(mended.begin(), mended.end(), code) != mended.end();
}

/// Whether the path has a directory of that name.
bool is_packaged(std::string_view program) {
  constexpr auto directory = std::string_view{"windowsapps"};
  for (auto end = program.find_first_of("/\\"); end != std::string_view::npos;
       end = program.find_first_of("/\\", end + 1)) {
    auto head = program.substr(0, end);
    auto begin = head.find_last_of("/\\");
    if (head.size() - (begin == std::string_view::npos ? 0 : begin + 1)
          == directory.size()
        && ends_with_ignoring_case(head, directory))
      return true;
  }
  return false;
}

/// Whether another such logon brings the account closer to its lock.
bool pauses(const failure& why, std::string_view program) {
  return why.detail.at == stage::logon
         && (why.detail.os_code == account_locked
             || is_mended_by_refresh(why, program));
}

failure pause_failure(const std::string& user, std::chrono::seconds left) {
  return {errc::logon_paused,
          {stage::logon, 0,
           "logons of the user '" + user + "' failed; the next one is tried in "
             + std::to_string(left.count()) + " s at the earliest"}};
}

} // namespace

bool is_mended_by_refresh(const failure& why, std::string_view program) {
  auto code = why.detail.os_code;
  if (code == no_such_logon_session && is_packaged(program))
    return false;
  switch (why.detail.at) {
    case stage::logon:
      return is_one_of(code);
    case stage::exec:
      return code == no_such_logon_session;
    default:
      return false;
  }
}

std::optional<failure> log_on(const std::string& user, std::string_view program,
                              const logon_steps& how) {
  auto until = how.paused_until();
  if (!until)
    return std::move(until.error());
  auto left = *until - how.now();
  // A longer pause means that the clock was set back.
  if (left > logon_clock::duration::zero() && left <= logon_pause)
    return pause_failure(user, std::chrono::ceil<std::chrono::seconds>(left));
  auto why = how.attempt();
  if (why && is_mended_by_refresh(*why, program)) {
    if (auto bad = how.refresh())
      why->detail.text += "; its credentials were not refreshed: "
                          + to_string(*bad);
    else
      why = how.attempt();
  }
  if (why && pauses(*why, program))
    if (auto bad = how.pause(how.now() + logon_pause))
      why->detail.text += "; a pause was not noted: " + to_string(*bad);
  return why;
}

} // namespace procession::windows
