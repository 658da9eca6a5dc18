#include "procession/platform/common/runner_port.hpp"

#include "procession/messages/expected.hpp"
#include "procession/platform/common/reactor_executor.hpp"
#include "procession/platform/win_elevated/logon_launcher.hpp"
#include "procession/platform/win_elevated/pipe_duplex.hpp"
#include "procession/platform/win_elevated/rules/runner_secret.hpp"
#include "procession/platform/win_elevated/runner_launcher.hpp"
#include "procession/platform/win_elevated/runner_listener.hpp"
#include "procession/platform/win_elevated/user.hpp"
#include "procession/platform/windows/helper_program.hpp"
#include "procession/platform/windows/pipes.hpp"
#include "procession/platform/windows/program.hpp"
#include "procession/platform/windows/runtime_impl.hpp"
#include "procession/platform/windows/system.hpp"

#include <optional>
#include <system_error>
#include <utility>

namespace procession::windows {

namespace {

using stream = boost::asio::windows::stream_handle;

/// The most unread output of a runner's standard error.
constexpr std::uint64_t log_credit = 16 * 1024;

using runtime_ref = impl_ref<runtime::impl>;

failure launch_failure(std::string text, DWORD os_code = ::GetLastError()) {
  return last_failure(errc::runner_failed, stage::launch, std::move(text),
                      os_code);
}

/// Makes a standard input that holds `text`, and then ends.
expected<unique_handle> make_input(const std::string& text) {
  auto untold = [] {
    return launch_failure("the runner cannot be told its nonce");
  };
  HANDLE ends[2] = {};
  if (!::CreatePipe(&ends[0], &ends[1], nullptr, max_runner_secret))
    return untold();
  unique_handle read{ends[0]};
  unique_handle write{ends[1]};
  // The pipe has room for it, so this does not wait for a reader.
  DWORD n = 0;
  if (!::WriteFile(write.get(), text.data(), static_cast<DWORD>(text.size()),
                   &n, nullptr)
      || n != text.size()
      || !::SetHandleInformation(read.get(), HANDLE_FLAG_INHERIT,
                                 HANDLE_FLAG_INHERIT))
    return untold();
  return read;
}

/// The state that the process and the threads share.
struct launch_state : std::enable_shared_from_this<launch_state> {
  launch_state(runtime_ref x, runner_options y, std::string z)
    : where(std::move(x)), options(std::move(y)), nonce(std::move(z)) {
    // nop
  }

  runtime_ref where;
  runner_options options;
  std::string nonce;
  /// Reactor.
  runner_process::sink sink;
  std::shared_ptr<windows::process> process;
  std::optional<exit_status> status;
  /// Launcher, then reactor: the pipe for our own runner, or the streams of a
  /// command line.
  std::unique_ptr<runner_listener> listener;
  unique_handle from_runner;
  unique_handle to_runner;

  void tell(runner_event x) {
    if (sink)
      sink(std::move(x));
  }

  // On the launcher.

  expected<started_process> launch() {
    return options.command.empty() ? launch_runner() : launch_command();
  }

  expected<started_process> launch_command() {
    if (!options.user.empty())
      return failure{errc::invalid_argument,
                     {stage::validate, 0, "a command line excludes a user"}};
    command spec;
    spec.program = options.command.front();
    spec.args.assign(options.command.begin() + 1, options.command.end());
    spec.stdio = pipes();
    if (auto bad = validate(spec))
      return std::move(*bad);
    auto result = start_process(spec);
    if (result) {
      from_runner = std::move(result->out);
      to_runner = std::move(result->in);
    }
    return result;
  }

  expected<started_process> launch_runner() {
    auto launcher = options.user.empty() ? make_plain_launcher()
                                         : make_logon_launcher(options.user);
    auto sid = launcher->user_sid();
    if (!sid)
      return std::move(sid.error());
    auto opened = runner_listener::open(where.context(), *sid);
    if (!opened)
      return std::move(opened.error());
    listener = std::move(*opened);
    auto input = make_input(to_text({nonce, ::GetCurrentProcessId()}));
    if (!input)
      return std::move(input.error());
    auto log = make_pipe(pipe_direction::from_child, true);
    if (!log)
      return std::move(log.error());
    auto& output = *log;
    auto described = describe();
    if (!described)
      return std::move(described.error());
    auto& what = *described;
    what.in = input->get();
    what.out = what.err = output.theirs.get();
    auto launched = launcher->launch(what);
    if (!launched)
      return std::move(launched.error());
    auto& runner = *launched;
    started_process result;
    result.pid = runner.pid;
    result.process = std::move(runner.process);
    result.job = std::move(runner.job);
    result.err = std::move(output.ours);
    return result;
  }

  /// Describes the command, except its streams.
  expected<runner_command> describe() const {
    command spec;
    spec.program = options.program.empty()
                     ? helper_program("procession-runner.exe")
                     : options.program;
    spec.args = {"--connect", listener->name()};
    // Another user may not be able to enter our directory.
    if (!options.user.empty())
      spec.cwd = system_directory();
    if (auto bad = validate(spec))
      return std::move(*bad);
    auto resolved = resolve(spec);
    if (!resolved)
      return std::move(resolved.error());
    auto& found = *resolved;
    runner_command result;
    result.path = std::move(found.path);
    result.command_line = std::move(found.command_line);
    result.cwd = std::move(found.cwd);
    if (options.user.empty())
      result.environment = std::move(found.environment);
    return result;
  }

  // On the reactor.

  void start() {
    process = std::make_shared<windows::process>(where.get().host);
    // The sink outlives neither of them: the process drops it at its end.
    where.get().start(
      process, [self = shared_from_this()] { return self->launch(); },
      log_credit,
      [self = shared_from_this()](child_event x) {
        self->where.on_reactor(
          [self, x = std::move(x)]() mutable { self->on_event(x); });
      });
  }

  void on_event(child_event& x) {
    if (auto* failed = std::get_if<child_start_failed>(&x)) {
      listener.reset();
      process.reset();
      tell(runner_launch_failed{std::move(failed->why)});
    } else if (auto* started = std::get_if<child_started>(&x)) {
      tell(runner_launched{started->pid});
      if (listener == nullptr)
        connect_command();
      else
        await(static_cast<DWORD>(started->pid));
    } else if (auto* said = std::get_if<child_output>(&x)) {
      tell(runner_said{std::string{said->bytes.text()}});
      process->grant(said->bytes.size());
    } else if (auto* exited = std::get_if<child_exited>(&x)) {
      status = exited->status;
      // Its last output is still read, up to an end that comes when no writer
      // is left.
      process->kill();
    } else if (std::holds_alternative<child_finished>(x)) {
      listener.reset();
      process.reset();
      if (status)
        tell(runner_exited{*status});
      tell(runner_gone{});
    }
  }

  void await(DWORD pid) {
    using result = expected<std::shared_ptr<stream>>;
    listener->await(pid, [weak = weak_from_this()](result x) {
      auto self = weak.lock();
      if (self == nullptr)
        return;
      if (!x)
        return self->tell(runner_connect_failed{std::move(x.error())});
      auto& io = *x;
      self->tell(runner_connected{std::make_shared<pipe_duplex>(io, io)});
    });
  }

  void connect_command() {
    auto in = std::make_shared<stream>(where.context());
    auto out = std::make_shared<stream>(where.context());
    boost::system::error_code ec;
    in->assign(from_runner.get(), ec);
    if (!ec) {
      from_runner.release();
      out->assign(to_runner.get(), ec);
    }
    if (ec)
      return tell(runner_connect_failed{last_failure(
        errc::runner_failed, stage::connect,
        "the runner cannot be connected to", static_cast<DWORD>(ec.value()))});
    to_runner.release();
    tell(runner_connected{std::make_shared<pipe_duplex>(in, out)});
  }
};

class local_runner : public runner_process {
public:
  explicit local_runner(std::shared_ptr<launch_state> state)
    : state_(std::move(state)) {
    // nop
  }

  ~local_runner() override {
    state_->sink = nullptr;
    kill();
  }

  void start(sink to) override {
    state_->sink = std::move(to);
    state_->start();
  }

  void kill() override {
    // By way of the launcher, which may be about to start it.
    state_->where.on_launcher([state = state_] {
      state->where.on_reactor([state] {
        if (state->process != nullptr)
          state->process->stop();
      });
    });
  }

private:
  std::shared_ptr<launch_state> state_;
};

class windows_port : public runner_port {
public:
  explicit windows_port(runtime_ref where) : where_(std::move(where)) {
    // nop
  }

  std::shared_ptr<executor> work() override {
    return std::make_shared<reactor_executor<runtime::impl>>(where_);
  }

  std::unique_ptr<runner_process> make_process(const runner_options& options,
                                               std::string nonce) override {
    return std::make_unique<local_runner>(
      std::make_shared<launch_state>(where_, options, std::move(nonce)));
  }

  std::string make_nonce() override {
    auto result = random_name(16);
    if (result.empty())
      throw std::system_error{ERROR_GEN_FAILURE, std::system_category(),
                              "no random bytes are available"};
    return result;
  }

private:
  runtime_ref where_;
};

} // namespace

} // namespace procession::windows

namespace procession {

std::shared_ptr<runner_port> make_runner_port(const runtime& owner) {
  return std::make_shared<windows::windows_port>(
    impl_ref<runtime::impl>{owner.impl_});
}

} // namespace procession
