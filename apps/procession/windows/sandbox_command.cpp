#include "../sandbox_command.hpp"

#include "../exit_codes.hpp"

#include "procession/platform/win_elevated/sandbox_accounts.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <exception>
#include <iostream>
#include <memory>
#include <vector>

namespace procession::cli {

namespace {

using namespace procession::windows;

// Members in the order they are written.
using json = nlohmann::ordered_json;

/// The exit code of `status` if something is missing.
constexpr int exit_incomplete = 1;

constexpr auto footer = R"(
A program that runs as a sandbox user (procession run --as ProcessionSandbox1)
can do only what every user of this machine can do. The users' passwords are
random and are stored encrypted for you alone, so run this as yourself, elevated
("Run as administrator"). If another user runs setup, that user takes the
sandbox users over.

Every step is shown, and steps that are not needed are skipped: after a failure,
run the same command again.

Exit codes:
  0    done; for status: nothing is missing
  1    for status: something is missing
  125  a step failed, or this program is not elevated
  2    bad usage
)";

struct sandbox_options {
  CLI::App* setup = nullptr;
  CLI::App* status = nullptr;
  CLI::App* remove = nullptr;
  int users = 1;
  bool json = false;
};

json to_json(const failure& x) {
  return {{"code", to_string(x.code)},
          {"stage", to_string(x.detail.at)},
          {"os_code", x.detail.os_code},
          {"text", x.detail.text}};
}

int failed(const failure& why) {
  spdlog::error(to_string(why));
  return exit_own_failure;
}

/// Flushes the output. Returns `code`, or the code for a reader that has gone.
int printed(int code) {
  std::cout.flush();
  return std::cout ? code : exit_reader_gone;
}

void print(const json& x) {
  std::cout << x.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
}

void print_step(const planned_step& x, const std::optional<failure>& why,
                bool as_json) {
  auto outcome = why ? "failed" : x.needed ? "done" : "not needed";
  auto whom = x.user.empty() ? sandbox_group : x.user;
  if (as_json) {
    json line{
      {"step", to_string(x.what)}, {"name", whom}, {"outcome", outcome}};
    if (why)
      line["error"] = to_json(*why);
    return print(line);
  }
  std::cout << whom << ": " << to_string(x.what) << ": " << outcome << '\n';
}

/// Performs the steps up to the first that fails.
int take(const std::vector<planned_step>& plan, credential_store& store,
         bool as_json) {
  for (auto& step : plan) {
    auto why = perform(step, store);
    print_step(step, why, as_json);
    if (why) {
      printed(0);
      return failed(*why);
    }
  }
  return printed(0);
}

int print_status(const sandbox_state& x, bool as_json) {
  auto code = is_complete(x) ? 0 : exit_incomplete;
  if (as_json) {
    json users = json::array();
    for (auto& user : x.users)
      users.push_back({{"name", user.name},
                       {"account", user.account},
                       {"member", user.member},
                       {"credentials", user.credentials},
                       {"hidden", user.hidden}});
    print({{"group", x.group}, {"users", users}, {"complete", code == 0}});
    return printed(code);
  }
  auto say = [](bool so, const char* what) {
    std::cout << (so ? ", " : ", no ") << what;
  };
  std::cout << sandbox_group << (x.group ? ": a group\n" : ": no group\n");
  for (auto& user : x.users) {
    std::cout << user.name << (user.account ? ": an account" : ": no account");
    say(user.member, "member of the group");
    say(user.credentials, "stored password");
    std::cout << (user.hidden ? ", hidden" : ", not hidden") << '\n';
  }
  std::cout << (code == 0 ? "complete\n"
                          : "incomplete; see procession sandbox "
                            "setup\n");
  return printed(code);
}

int run(const sandbox_options& options) {
  auto store = make_protected_file_store();
  auto changes = !options.status->parsed();
  if (changes)
    if (auto why = check_elevated())
      return failed(*why);
  auto state = observe_sandbox(options.setup->parsed() ? options.users : 0,
                               *store);
  if (!state)
    return failed(state.error());
  auto& there = *state;
  if (!changes)
    return print_status(there, options.json);
  return take(options.setup->parsed() ? plan_setup(there) : plan_removal(there),
              *store, options.json);
}

} // namespace

std::function<std::optional<int>()> add_sandbox_command(CLI::App& app) {
  auto options = std::make_shared<sandbox_options>();
  auto sandbox = app.add_subcommand("sandbox",
                                    "Manage the users for sandboxed programs");
  sandbox->require_subcommand(1);
  sandbox->footer(footer);
  auto add = [&](const char* name, const char* text) {
    auto result = sandbox->add_subcommand(name, text);
    result->add_flag("--json", options->json, "Print JSON lines");
    return result;
  };
  options->setup = add("setup", "Create the users, or complete them");
  options->setup
    ->add_option("--users", options->users, "The number of users; default 1")
    ->type_name("NUMBER")
    ->check(CLI::Range(1, max_sandbox_users));
  options->status = add("status", "Show what exists and what is missing");
  options->remove = add("remove",
                        "Remove the users and all that belongs to them");
  return [options, sandbox]() -> std::optional<int> {
    if (!sandbox->parsed())
      return std::nullopt;
    try {
      return run(*options);
    } catch (const std::exception& x) {
      spdlog::error(x.what());
      return exit_own_failure;
    }
  };
}

} // namespace procession::cli
