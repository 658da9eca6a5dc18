// The pure rules for users, passwords and logons on Windows.
#include "procession/platform/win_elevated/rules/credential_file.hpp"
#include "procession/platform/win_elevated/rules/logon_policy.hpp"
#include "procession/platform/win_elevated/rules/password.hpp"
#include "procession/platform/win_elevated/rules/sandbox_plan.hpp"
#include "procession/platform/win_elevated/rules/security_text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace procession;
using namespace procession::windows;
using namespace std::chrono_literals;

namespace {

constexpr auto runner_path = R"(C:\Program Files\Procession\runner.exe)";
constexpr auto packaged_path
  = R"(C:\Program Files\WindowsApps\Some.App_1.0\pwsh.exe)";

failure failed_at(stage at, std::int32_t os_code, std::string text = "no") {
  return {errc::runner_failed, {at, os_code, std::move(text)}};
}

/// A logon whose steps follow the test's script.
struct scripted_logon {
  std::optional<failure> run() {
    logon_steps steps;
    steps.now = [this] { return now; };
    steps.paused_until = [this] { return pauses[user]; };
    steps.pause = [this](logon_clock::time_point until) {
      pauses[user] = until;
      return pause;
    };
    steps.attempt = [this]() -> std::optional<failure> {
      calls += 'a';
      if (answers.empty())
        return std::nullopt;
      auto result = answers.front();
      answers.erase(answers.begin());
      return result;
    };
    steps.refresh = [this]() -> std::optional<failure> {
      calls += 'r';
      return refresh;
    };
    calls.clear();
    return log_on(user, program, steps);
  }

  std::map<std::string, logon_clock::time_point> pauses;
  logon_clock::time_point now{1h};
  std::string user = "ProcessionSandbox1";
  std::string program = runner_path;
  std::vector<std::optional<failure>> answers;
  std::optional<failure> refresh;
  std::optional<failure> pause;
  /// 'a' for each attempt, 'r' for each refresh.
  std::string calls;
};

sandbox_user complete_user(int i) {
  return {sandbox_user_name(i), true, true, true, true};
}

std::vector<sandbox_step> needed(const std::vector<planned_step>& plan) {
  std::vector<sandbox_step> result;
  for (auto& x : plan)
    if (x.needed)
      result.push_back(x.what);
  return result;
}

} // namespace

TEST_CASE("fresh credentials mend what is wrong with credentials",
          "[windows]") {
  auto mended = [](stage at, std::int32_t code, const char* program) {
    return is_mended_by_refresh(failed_at(at, code), program);
  };
  CHECK(mended(stage::logon, wrong_password, runner_path));
  CHECK(mended(stage::logon, no_such_logon_session, runner_path));
  CHECK(mended(stage::logon, account_disabled, runner_path));
  CHECK_FALSE(mended(stage::logon, account_locked, runner_path));
  CHECK_FALSE(mended(stage::logon, 0, runner_path));
  CHECK_FALSE(mended(stage::logon, 5, runner_path));
  CHECK_FALSE(mended(stage::logon, 1385, runner_path));
  CHECK(mended(stage::exec, no_such_logon_session, runner_path));
  CHECK_FALSE(mended(stage::exec, wrong_password, runner_path));
  for (auto at : {stage::connect, stage::hello, stage::token, stage::launch})
    CHECK_FALSE(mended(at, no_such_logon_session, runner_path));
}

TEST_CASE("fresh credentials do not help a packaged program", "[windows]") {
  auto mended = [](std::int32_t code, const std::string& program) {
    return is_mended_by_refresh(failed_at(stage::logon, code), program);
  };
  CHECK_FALSE(mended(no_such_logon_session, packaged_path));
  CHECK_FALSE(mended(no_such_logon_session, R"(c:\windowsapps\a.exe)"));
  CHECK_FALSE(mended(no_such_logon_session, "C:/x/WINDOWSAPPS/a/b.exe"));
  CHECK_FALSE(mended(no_such_logon_session, R"(WindowsApps\a.exe)"));
  CHECK(mended(wrong_password, packaged_path));
  CHECK(mended(no_such_logon_session, R"(C:\NotWindowsApps\a.exe)"));
  CHECK(mended(no_such_logon_session, R"(C:\WindowsApps2\a.exe)"));
  CHECK(mended(no_such_logon_session, R"(C:\x\WindowsApps)"));
  CHECK(mended(no_such_logon_session, ""));
}

TEST_CASE("a logon that works is one attempt", "[windows]") {
  scripted_logon x;
  CHECK_FALSE(x.run());
  CHECK(x.calls == "a");
}

TEST_CASE("stale credentials are refreshed once, and the logon tried again",
          "[windows]") {
  scripted_logon x;
  x.answers = {failed_at(stage::logon, wrong_password)};
  CHECK_FALSE(x.run());
  CHECK(x.calls == "ara");
  // The user is not blamed for it.
  CHECK_FALSE(x.run());
  CHECK(x.calls == "a");
}

TEST_CASE("a second failure is told as it is, and begins a pause",
          "[windows]") {
  scripted_logon x;
  x.answers = {failed_at(stage::logon, no_such_logon_session, "first"),
               failed_at(stage::logon, wrong_password, "second")};
  auto why = x.run();
  REQUIRE(why);
  CHECK(x.calls == "ara");
  CHECK(why->detail.text == "second");
  CHECK(why->detail.os_code == wrong_password);
  why = x.run();
  REQUIRE(why);
  CHECK(x.calls.empty());
  CHECK(why->code == errc::logon_paused);
  CHECK(why->detail.at == stage::logon);
  CHECK(why->detail.text.find("300 s") != std::string::npos);
}

TEST_CASE("a pause ends by itself, and tells how long it lasts", "[windows]") {
  scripted_logon x;
  x.answers = {failed_at(stage::logon, wrong_password),
               failed_at(stage::logon, wrong_password)};
  CHECK(x.run());
  x.now += logon_pause - 1ns;
  auto why = x.run();
  REQUIRE(why);
  CHECK(x.calls.empty());
  CHECK(why->detail.text.find(" 1 s ") != std::string::npos);
  x.now += 1ns;
  CHECK_FALSE(x.run());
  CHECK(x.calls == "a");
}

TEST_CASE("a pause is one user's, whatever is to be started", "[windows]") {
  scripted_logon x;
  x.answers = {failed_at(stage::logon, wrong_password),
               failed_at(stage::logon, wrong_password)};
  CHECK(x.run());
  x.program = "another.exe";
  CHECK(x.run());
  CHECK(x.calls.empty());
  x.user = "ProcessionSandbox2";
  CHECK_FALSE(x.run());
  CHECK(x.calls == "a");
}

TEST_CASE("a clock that was set back does not make a pause longer",
          "[windows]") {
  scripted_logon x;
  x.answers = {failed_at(stage::logon, account_locked)};
  CHECK(x.run());
  x.now -= 1s;
  CHECK_FALSE(x.run());
  CHECK(x.calls == "a");
}

TEST_CASE("a pause that cannot be noted is told beside why it is needed",
          "[windows]") {
  scripted_logon x;
  x.answers = {failed_at(stage::logon, account_locked, "locked")};
  x.pause = failed_at(stage::credentials, 5, "read-only");
  auto why = x.run();
  REQUIRE(why);
  CHECK(why->detail.os_code == account_locked);
  CHECK(why->detail.text.find("locked") == 0);
  CHECK(why->detail.text.find("read-only") != std::string::npos);
}

TEST_CASE("a locked account is left alone", "[windows]") {
  scripted_logon x;
  x.answers = {failed_at(stage::logon, account_locked)};
  auto why = x.run();
  REQUIRE(why);
  CHECK(x.calls == "a");
  CHECK(why->detail.os_code == account_locked);
  why = x.run();
  REQUIRE(why);
  CHECK(x.calls.empty());
  CHECK(why->code == errc::logon_paused);
}

TEST_CASE("credentials that cannot be refreshed are not tried again",
          "[windows]") {
  scripted_logon x;
  x.answers = {failed_at(stage::logon, wrong_password, "stale")};
  x.refresh = failure{errc::not_permitted, {stage::account, 5, "not elevated"}};
  auto why = x.run();
  REQUIRE(why);
  CHECK(x.calls == "ar");
  CHECK(why->detail.os_code == wrong_password);
  CHECK(why->detail.text.find("stale") == 0);
  CHECK(why->detail.text.find("not elevated") != std::string::npos);
  CHECK(x.run());
  CHECK(x.calls.empty());
}

TEST_CASE("a failure that does not concern the user begins no pause",
          "[windows]") {
  auto why = GENERATE(failed_at(stage::logon, 120), failed_at(stage::launch, 2),
                      failed_at(stage::contain, 5));
  scripted_logon x;
  x.answers = {why, why};
  for (auto i = 0; i < 2; ++i) {
    CHECK(x.run());
    CHECK(x.calls == "a");
  }
}

TEST_CASE("the name of an account is one that Windows takes", "[windows]") {
  for (auto* good : {"a", "ProcessionSandbox1", "two words", "a.b", "$x",
                     "M\xc3\xbcller", "12345678901234567890"})
    CHECK(is_account_name(good));
  for (auto* bad : {"", " ", ". .", "ends.", "a\\b", "a/b", "a@b", "a\tb",
                    "a\nb", "a\"b", "a:b", "a*", "123456789012345678901"})
    CHECK_FALSE(is_account_name(bad));
  CHECK_FALSE(is_account_name(std::string_view{"a\0b", 3}));
  CHECK(is_same_account("Abc", "aBC"));
  CHECK_FALSE(is_same_account("Abc", "Abcd"));
}

namespace {

const std::vector<protected_password> no_passwords;

} // namespace

TEST_CASE("a file of credentials comes back as it was", "[windows]") {
  std::string all_bytes;
  for (auto i = 0; i < 256; ++i)
    all_bytes += static_cast<char>(i);
  std::vector<protected_password> x{{"one", all_bytes},
                                    {"the other", "z", 1234567890123}};
  auto text = to_text(x);
  CHECK(text.find('\0') == std::string::npos);
  auto y = parse_credential_file(text);
  REQUIRE(y);
  REQUIRE(y->size() == 2);
  CHECK(y->front().user == "one");
  CHECK(y->front().bytes == all_bytes);
  CHECK(y->back().user == "the other");
  CHECK(y->front().paused_until == 0);
  CHECK(y->back().bytes == "z");
  CHECK(y->back().paused_until == 1234567890123);
  auto none = parse_credential_file(to_text(no_passwords));
  REQUIRE(none);
  CHECK(none->empty());
}

TEST_CASE("a file of credentials that was cut or changed is rejected",
          "[windows]") {
  auto whole = to_text({{"one", "abc"}, {"two", "def"}});
  auto lines = {std::size_t{25}, whole.find('\n', 30) + 1, whole.size()};
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CAPTURE(n);
    auto at_line = std::find(lines.begin(), lines.end(), n) != lines.end();
    CHECK(parse_credential_file(whole.substr(0, n)).has_value() == at_line);
  }
  auto head = to_text(no_passwords);
  for (auto* bad :
       {"one\n", "one\tab\n", "one\t\t0\n", "one\tabc\t0\n", "one\txy\t0\n",
        "\tab\t0\n", "one\tab\tcd\t0\n", "one\tAB \t0\n", "a/b\tab\t0\n",
        "one\tab\t\n", "one\tab\t-1\n", "one\tab\t1x\n",
        "one\tab\t99999999999999999999\n", "one\tab\t0\nONE\tcd\t0\n", "\n"})
    CHECK_FALSE(parse_credential_file(head + bad));
  CHECK_FALSE(parse_credential_file("procession credentials 2\n"));
  CHECK_FALSE(
    parse_credential_file(head + std::string(max_credential_file, 'x')));
}

TEST_CASE("a password has all kinds of characters and no two are alike",
          "[windows]") {
  std::mt19937 source{1};
  std::set<std::wstring> seen;
  for (auto i = 0; i < 1000; ++i) {
    std::array<std::uint8_t, 256> random{};
    for (auto& x : random)
      x = static_cast<std::uint8_t>(source());
    std::wstring made(password_length, L'\0');
    REQUIRE(make_password(random, made));
    auto has = [&](auto... xs) {
      return made.find_first_of(xs...) != std::wstring::npos;
    };
    CHECK(has(L"ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
    CHECK(has(L"abcdefghijklmnopqrstuvwxyz"));
    CHECK(has(L"0123456789"));
    CHECK(has(L"!#$()+,-.:;=?@[]_{}~"));
    CHECK(seen.insert(made).second);
  }
}

TEST_CASE("a password is not made of too few or bad random bytes",
          "[windows]") {
  std::wstring made(password_length, L'\0');
  std::array<std::uint8_t, password_length - 1> few{};
  CHECK_FALSE(make_password(few, made));
  std::array<std::uint8_t, 256> same{};
  CHECK_FALSE(make_password(same, made));
  same.fill(0xff);
  CHECK_FALSE(make_password(same, made));
}

TEST_CASE("a complete sandbox needs nothing", "[windows]") {
  sandbox_state x{true, {complete_user(1), complete_user(2)}};
  CHECK(is_complete(x));
  CHECK(needed(plan_setup(x)).empty());
  // Every step is listed all the same: the group and four for each user.
  CHECK(plan_setup(x).size() == 9);
}

TEST_CASE("a sandbox is made from nothing, the group first", "[windows]") {
  sandbox_state x{false, {{sandbox_user_name(1)}}};
  CHECK_FALSE(is_complete(x));
  CHECK(needed(plan_setup(x))
        == std::vector{sandbox_step::make_group, sandbox_step::make_account,
                       sandbox_step::join_group, sandbox_step::hide_account});
  CHECK(needed(plan_removal(x)).empty());
}

TEST_CASE("set-up repairs what a broken set-up left", "[windows]") {
  sandbox_state x{true, {complete_user(1)}};
  auto& user = x.users.front();
  SECTION("an account whose password is not known") {
    user.credentials = false;
    CHECK(needed(plan_setup(x)) == std::vector{sandbox_step::renew_password});
  }
  SECTION("a password whose account is gone") {
    user = {user.name, false, false, true, true};
    CHECK(needed(plan_setup(x))
          == std::vector{sandbox_step::make_account, sandbox_step::join_group});
  }
  SECTION("an account outside of the group") {
    user.member = false;
    CHECK(needed(plan_setup(x)) == std::vector{sandbox_step::join_group});
  }
  CHECK_FALSE(is_complete(x));
}

TEST_CASE("an empty state is not a complete sandbox", "[windows]") {
  CHECK_FALSE(is_complete({}));
  CHECK_FALSE(is_complete({true, {}}));
}

TEST_CASE("a sandbox is removed with all that it has, the group last",
          "[windows]") {
  sandbox_state x{true, {complete_user(1)}};
  CHECK(needed(plan_removal(x))
        == std::vector{sandbox_step::remove_profile,
                       sandbox_step::remove_account, sandbox_step::show_account,
                       sandbox_step::forget_credentials,
                       sandbox_step::remove_group});
}

TEST_CASE("the users of a sandbox have our own names, which Windows takes",
          "[windows]") {
  for (auto i = 1; i <= max_sandbox_users; ++i) {
    CHECK(is_account_name(sandbox_user_name(i)));
    CHECK(is_sandbox_user(sandbox_user_name(i)));
  }
  CHECK(is_sandbox_user("processionsandbox1"));
  CHECK_FALSE(is_sandbox_user("ProcessionSandbox"));
  CHECK_FALSE(is_sandbox_user("ProcessionSandbox10"));
  CHECK_FALSE(is_sandbox_user("Administrator"));
}

TEST_CASE(
  "a private object is open to its owner, the system and administrators",
  "[windows]") {
  CHECK(private_security("S-1-5-21-7")
        == "O:S-1-5-21-7D:P(A;;GA;;;S-1-5-21-7)(A;;GA;;;SY)(A;;GA;;;BA)");
  CHECK(private_directory_security("S-1-5-21-7")
        == "O:S-1-5-21-7D:P(A;OICI;GA;;;S-1-5-21-7)(A;OICI;GA;;;SY)"
           "(A;OICI;GA;;;BA)");
}

TEST_CASE("objects of a restricted program are open to its restricting SIDs",
          "[windows]") {
  CHECK(default_security({"S-1-15-3-1", "S-1-5-21-7"})
        == "D:(A;;GA;;;SY)(A;;GA;;;S-1-15-3-1)(A;;GA;;;S-1-5-21-7)");
}
