// The runner: hosts sessions for a parent at the other end of a channel.
#include "system_parts.hpp"

#include "procession/platform/common/parent_port.hpp"
#include "procession/platform/runtime.hpp"
#include "procession/runner/host/runner_host.hpp"

#include "common/manual.hpp"
#include "common/standard_streams.hpp"
#include "common/start_up.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <fstream>
#include <future>
#include <memory>
#include <string>

namespace procession {

namespace {

enum exit_code { ok = 0, failed = 1, bad_usage = 2 };

constexpr auto version = "procession-runner " PROCESSION_VERSION;

constexpr auto footer = R"(
It is not meant to be started by hand: `procession run --runner`, or another
program that runs sessions, starts it in another security context and gives it a
channel. When the channel ends, all sessions end, with all their processes.

Exit codes:
  0  the parent said goodbye, or has gone
  1  there is no channel, or the parent broke the protocol
  2  bad usage
)";

/// Prints errors that cannot be reported to the parent. Nothing else is
/// printed.
class start_log {
public:
  explicit start_log(const std::string& path) : to_file_(!path.empty()) {
    if (to_file_)
      file_.open(path, std::ios::app);
  }

  /// Returns whether errors can be printed.
  bool usable() const {
    return !to_file_ || file_.is_open();
  }

  void say(const std::string& text) {
    auto line = "procession-runner: " + text + '\n';
    if (to_file_)
      file_ << line << std::flush;
    else
      procession::say(line);
  }

private:
  bool to_file_;
  std::ofstream file_;
};

int serve(const channel_address& where, start_log& log) {
  runtime rt;
  auto port = make_parent_port(rt);
  runner_host_options options;
  options.identity = port->take_identity();
  auto channel = port->open_channel(where);
  if (!channel) {
    log.say(to_string(channel.error()));
    return failed;
  }
  auto work = port->work();
  std::promise<failure> ended;
  std::unique_ptr<runner_host> host;
  work->post([&] {
    host = std::make_unique<runner_host>(work, rt.local(), std::move(options),
                                         [&](const failure& why) {
                                           ended.set_value(why);
                                         });
    host->start(*channel);
  });
  auto why = ended.get_future().get();
  std::promise<void> gone;
  work->post([&] {
    host.reset();
    gone.set_value();
  });
  gone.get_future().wait();
  if (why.code == errc::runner_lost)
    return ok;
  log.say(to_string(why));
  return failed;
}

int main_of(int argc, char** argv) {
  CLI::App app{"Hosts process sessions for a parent, which starts it",
               "procession-runner"};
  manual pages{app, version};
  app.footer(footer);
  channel_address where;
  std::string log_path;
  add_channel_option(app, where);
  app
    .add_option("--log", log_path,
                "File for error messages; default: standard error")
    ->type_name("FILE");
  if (pages.print_document({argv + 1, argv + std::max(argc, 1)}))
    return ok;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& x) {
    if (auto code = pages.print_answer(x))
      return *code;
    auto extras = app.remaining();
    start_log{log_path}.say(
      (extras.empty() ? std::string{x.what()}
                      : "unexpected: " + CLI::detail::join(extras, " "))
      + "; try procession-runner --help");
    return bad_usage;
  }
  be_unattended();
  start_log log{log_path};
  if (!log.usable())
    return bad_usage;
  start_up([&](const std::string& why) { log.say(why); }, failed);
  return serve(where, log);
}

} // namespace

} // namespace procession

int main(int argc, char** argv) {
  return procession::main_of(argc, argv);
}
