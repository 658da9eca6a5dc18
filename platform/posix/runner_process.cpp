#include "procession/platform/common/local_runner.hpp"

#include "procession/messages/expected.hpp"
#include "procession/platform/posix/runner_channel.hpp"
#include "procession/platform/posix/runtime_impl.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <thread>

namespace procession::posix {

namespace {

/// Finds `procession-runner` beside our own program, where it was installed, or
/// in our PATH. The result is an absolute path: the runner starts elsewhere, as
/// another user, with another PATH.
expected<std::string> default_runner() {
  std::vector<std::string> directories;
  char own[4096];
  auto n = ::readlink("/proc/self/exe", own, sizeof(own));
  if (n > 0) {
    auto path = std::string{own, static_cast<std::size_t>(n)};
    directories.push_back(path.substr(0, path.rfind('/')));
  }
  directories.push_back(PROCESSION_BINDIR);
  auto* path = ::getenv("PATH");
  std::istringstream entries{path == nullptr ? "" : path};
  for (std::string entry; std::getline(entries, entry, ':');)
    directories.push_back(entry);
  for (auto& directory : directories) {
    auto result = directory + "/procession-runner";
    if (result.front() == '/' && ::access(result.c_str(), X_OK) == 0)
      return result;
  }
  return failure{errc::program_not_found,
                 {stage::resolve, ENOENT,
                  "there is no procession-runner beside this program, where it "
                  "is installed or in the PATH"}};
}

class posix_launch
  : public runner_launch<posix_launch, runtime::impl, posix::process> {
public:
  using runner_launch::runner_launch;

  void begin() override {
    where_.on_launcher([self = shared_from_this()] { self->launch(); });
  }

  void kill() override {
    // Twice by way of the launcher, as its first step decides what to start,
    // and then posts the start.
    where_.on_launcher([self = shared_from_this()] {
      self->cancel();
      self->runner_launch::kill();
    });
  }

  static std::string make_nonce() {
    return random_digits(32);
  }

private:
  enum class state {
    idle,
    /// A thread looks the user up.
    looking_up,
    /// The start was requested, or never will be.
    launched,
    cancelled
  };

  // On the launcher.

  void launch() {
    if (!options_.command.empty() && !options_.user.empty())
      return fail({errc::invalid_argument,
                   {stage::validate, 0, "a command line excludes a user"}});
    if (options_.user.empty())
      return launch_as(std::nullopt);
    // The user database may be remote and silent, and a query cannot be
    // cancelled. So a thread of its own asks, while the launcher has other
    // work, and is abandoned when its answer is no longer needed.
    at_ = state::looking_up;
    try {
      std::thread{[self = shared_from_this()] {
        self->where_.on_launcher(
          [self, found = find_user(self->options_.user)] {
            self->found(found);
          });
      }}.detach();
    } catch (const std::system_error& x) {
      fail({errc::out_of_processes,
            {stage::launch, x.code().value(), "no thread could be created"}});
    }
  }

  void found(const expected<identity>& user) {
    if (at_ != state::looking_up)
      return;
    if (!user)
      fail(user.error());
    else
      launch_as(*user);
  }

  void cancel() {
    if (at_ != state::looking_up)
      return;
    fail({errc::runner_failed,
          {stage::launch, 0, "its user was still being looked up"}});
  }

  void fail(failure why) {
    at_ = state::cancelled;
    where_.on_reactor([self = shared_from_this(), why = std::move(why)] {
      self->tell(runner_launch_failed{why});
    });
  }

  void launch_as(std::optional<identity> user) {
    at_ = state::launched;
    if (auto bad = try_launch(std::move(user)))
      fail(std::move(*bad));
  }

  std::optional<failure> try_launch(std::optional<identity> user) {
    auto extras = std::make_shared<runner_start>();
    extras->become = std::move(user);
    command spec;
    spec.stdio = pipes(stdin_kind::null);
    if (auto bad = choose_program(spec))
      return bad;
    if (auto bad = open_channel(*extras))
      return bad;
    if (extras->become) {
      spec.env = extras->become->env;
      spec.cwd = "/";
    }
    spec.env.set[nonce_name] = nonce_;
    if (auto bad = validate(spec))
      return bad;
    process_ = std::make_shared<posix::process>(where_.get().host);
    where_.get().start(process_, std::move(spec), log_credit, events(),
                       std::move(extras));
    return std::nullopt;
  }

  std::optional<failure> open_channel(runner_start& extras) {
    std::error_code ec;
    auto made = make_socket_pair(ec);
    if (ec)
      return failure{no_descriptor_left(ec.value()) ? errc::out_of_descriptors
                                                    : errc::runner_failed,
                     {stage::launch, ec.value(), "no socket pair was made"}};
    channel_ = std::move(made.read);
    extras.channel = std::move(made.write);
    return std::nullopt;
  }

  std::optional<failure> choose_program(command& spec) const {
    if (!options_.command.empty()) {
      spec.program = options_.command.front();
      spec.args.assign(options_.command.begin() + 1, options_.command.end());
      return std::nullopt;
    }
    spec.program = options_.program;
    spec.args = {"--stdio"};
    if (!spec.program.empty())
      return std::nullopt;
    auto found = default_runner();
    if (!found)
      return std::move(found.error());
    spec.program = std::move(*found);
    return std::nullopt;
  }

  // On the reactor.

  void on_start_failed(failure why) override {
    if (!options_.user.empty() && why.code == errc::not_executable)
      why.detail.text += " by the user " + options_.user;
    tell(runner_launch_failed{std::move(why)});
  }

  void on_started(std::int64_t) override {
    auto io = std::make_shared<channel_stream>(where_.context());
    boost::system::error_code ec;
    io->assign(channel_.get(), ec);
    if (ec)
      return tell(runner_connect_failed{
        {errc::runner_failed,
         {stage::connect, ec.value(), "the runner cannot be connected to"}}});
    channel_.release();
    widen(*io);
    tell(runner_connected{std::make_shared<channel_duplex>(io, io)});
  }

  void on_exited(const exit_status& status) override {
    tell(runner_exited{status});
    process_->finish();
  }

  /// Launcher.
  state at_ = state::idle;
  /// Launcher, then reactor; likewise the process.
  unique_fd channel_;
};

} // namespace

} // namespace procession::posix

namespace procession {

std::shared_ptr<runner_port> make_runner_port(const runtime& owner) {
  return std::make_shared<
    local_runner_port<posix::posix_launch, runtime::impl>>(
    impl_ref<runtime::impl>{owner.impl_});
}

} // namespace procession
