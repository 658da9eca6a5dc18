#include "procession/platform/common/local_runner.hpp"

#include "procession/messages/expected.hpp"
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

/// Makes a standard input that holds `text`, and then ends.
expected<unique_handle> make_input(const std::string& text) {
  auto untold = [] {
    return last_failure(errc::runner_failed, stage::launch,
                        "the runner cannot be told its nonce");
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

class windows_launch
  : public runner_launch<windows_launch, runtime::impl, windows::process> {
public:
  using runner_launch::runner_launch;

  void begin() override {
    process_ = std::make_shared<windows::process>(where_.get().host);
    where_.get().start(
      process_, [self = shared_from_this()] { return self->launch(); },
      log_credit, events());
  }

  static std::string make_nonce() {
    auto result = random_name(16);
    if (result.empty())
      throw std::system_error{ERROR_GEN_FAILURE, std::system_category(),
                              "no random bytes are available"};
    return result;
  }

private:
  // On the launcher.

  expected<started_process> launch() {
    return options_.command.empty() ? launch_runner() : launch_command();
  }

  expected<started_process> launch_command() {
    if (!options_.user.empty())
      return failure{errc::invalid_argument,
                     {stage::validate, 0, "a command line excludes a user"}};
    command spec;
    spec.program = options_.command.front();
    spec.args.assign(options_.command.begin() + 1, options_.command.end());
    spec.stdio = pipes();
    if (auto bad = validate(spec))
      return std::move(*bad);
    auto result = start_process(spec);
    if (result) {
      from_runner_ = std::move(result->out);
      to_runner_ = std::move(result->in);
    }
    return result;
  }

  expected<started_process> launch_runner() {
    auto launcher = options_.user.empty() ? make_plain_launcher()
                                          : make_logon_launcher(options_.user);
    auto sid = launcher->user_sid();
    if (!sid)
      return std::move(sid.error());
    auto opened = runner_listener::open(where_.context(), *sid);
    if (!opened)
      return std::move(opened.error());
    listener_ = std::move(*opened);
    auto input = make_input(to_text({nonce_, ::GetCurrentProcessId()}));
    if (!input)
      return std::move(input.error());
    auto log = make_pipe(pipe_direction::from_child, true);
    if (!log)
      return std::move(log.error());
    auto described = describe();
    if (!described)
      return std::move(described.error());
    auto& what = *described;
    what.in = input->get();
    what.out = what.err = log->theirs.get();
    auto result = launcher->launch(what);
    if (result)
      result->err = std::move(log->ours);
    return result;
  }

  /// Describes the command, except its streams.
  expected<runner_command> describe() const {
    command spec;
    spec.program = options_.program.empty()
                     ? helper_program("procession-runner.exe")
                     : options_.program;
    spec.args = {"--connect", listener_->name()};
    // Another user may not be able to enter our directory.
    if (!options_.user.empty())
      spec.cwd = system_directory();
    if (auto bad = validate(spec))
      return std::move(*bad);
    auto resolved = resolve(spec);
    if (!resolved)
      return std::move(resolved.error());
    runner_command result;
    result.path = std::move(resolved->path);
    result.command_line = std::move(resolved->command_line);
    result.cwd = std::move(resolved->cwd);
    if (options_.user.empty())
      result.environment = std::move(resolved->environment);
    return result;
  }

  // On the reactor.

  void on_start_failed(failure why) override {
    listener_.reset();
    tell(runner_launch_failed{std::move(why)});
  }

  void on_started(std::int64_t pid) override {
    if (listener_ == nullptr)
      connect_command();
    else
      await(static_cast<DWORD>(pid));
  }

  void on_exited(const exit_status& status) override {
    status_ = status;
    // Its last output is still read, up to an end that comes when no writer is
    // left.
    process_->kill();
  }

  void on_finished() override {
    listener_.reset();
    if (status_)
      tell(runner_exited{*status_});
  }

  void await(DWORD pid) {
    using result = expected<std::shared_ptr<stream>>;
    listener_->await(pid, [weak = weak_from_this()](result x) {
      auto self = weak.lock();
      if (self == nullptr)
        return;
      if (!x)
        return self->tell(runner_connect_failed{std::move(x.error())});
      self->tell(runner_connected{std::make_shared<pipe_duplex>(*x, *x)});
    });
  }

  void connect_command() {
    auto in = std::make_shared<stream>(where_.context());
    auto out = std::make_shared<stream>(where_.context());
    boost::system::error_code ec;
    in->assign(from_runner_.get(), ec);
    if (!ec) {
      from_runner_.release();
      out->assign(to_runner_.get(), ec);
    }
    if (ec)
      return tell(runner_connect_failed{last_failure(
        errc::runner_failed, stage::connect,
        "the runner cannot be connected to", static_cast<DWORD>(ec.value()))});
    to_runner_.release();
    tell(runner_connected{std::make_shared<pipe_duplex>(in, out)});
  }

  std::optional<exit_status> status_;
  /// Launcher, then reactor: the pipe for our own runner, or the streams of a
  /// command line.
  std::unique_ptr<runner_listener> listener_;
  unique_handle from_runner_;
  unique_handle to_runner_;
};

} // namespace

} // namespace procession::windows

namespace procession {

std::shared_ptr<runner_port> make_runner_port(const runtime& owner) {
  return std::make_shared<
    local_runner_port<windows::windows_launch, runtime::impl>>(
    impl_ref<runtime::impl>{owner.impl_});
}

} // namespace procession
