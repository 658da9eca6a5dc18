#include "procession/platform/common/runner_port.hpp"

#include "procession/messages/expected.hpp"
#include "procession/platform/common/reactor_executor.hpp"
#include "procession/platform/posix/runner_channel.hpp"
#include "procession/platform/posix/runtime_impl.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <thread>

namespace procession::posix {

namespace {

/// The most unread output of a runner's standard error.
constexpr std::uint64_t log_credit = 16 * 1024;

using runtime_ref = impl_ref<runtime::impl>;

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

/// The state that the process and the threads share.
struct launch_state : std::enable_shared_from_this<launch_state> {
  launch_state(runtime_ref x, runner_options y, std::string z)
    : where(std::move(x)), options(std::move(y)), nonce(std::move(z)) {
    // nop
  }

  enum class state {
    idle,
    /// A thread looks the user up.
    looking_up,
    /// The start was requested, or never will be.
    launched,
    cancelled
  };

  runtime_ref where;
  runner_options options;
  std::string nonce;
  /// Launcher.
  state at = state::idle;
  /// Reactor.
  runner_process::sink sink;
  /// Launcher, then reactor.
  std::shared_ptr<posix::process> process;
  unique_fd channel;

  void tell(runner_event x) {
    if (sink)
      sink(std::move(x));
  }

  /// Tells it later, on the reactor.
  void post(runner_event x) {
    where.on_reactor(
      [self = shared_from_this(), x = std::move(x)] { self->tell(x); });
  }

  // On the launcher.

  void launch() {
    if (!options.command.empty() && !options.user.empty())
      return fail({errc::invalid_argument,
                   {stage::validate, 0, "a command line excludes a user"}});
    if (options.user.empty())
      return launch_as(std::nullopt);
    // The user database may be remote and silent, and a query cannot be
    // cancelled. So a thread of its own asks, while the launcher has other
    // work, and is abandoned when its answer is no longer needed.
    at = state::looking_up;
    try {
      std::thread{[self = shared_from_this()] {
        self->where.on_launcher([self, found = find_user(self->options.user)] {
          self->found(found);
        });
      }}.detach();
    } catch (const std::system_error& x) {
      fail({errc::out_of_processes,
            {stage::launch, x.code().value(), "no thread could be created"}});
    }
  }

  void found(const expected<identity>& user) {
    if (at != state::looking_up)
      return;
    if (!user)
      fail(user.error());
    else
      launch_as(*user);
  }

  void cancel() {
    if (at != state::looking_up)
      return;
    fail({errc::runner_failed,
          {stage::launch, 0, "its user was still being looked up"}});
  }

  void fail(failure why) {
    at = state::cancelled;
    post(runner_launch_failed{std::move(why)});
  }

  void launch_as(std::optional<identity> user) {
    at = state::launched;
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
    spec.env.set[nonce_name] = nonce;
    if (auto bad = validate(spec))
      return bad;
    process = std::make_shared<posix::process>(where.get().host);
    // The sink outlives neither of them: the process drops it at its end.
    where.get().start(
      process, std::move(spec), log_credit,
      [self = shared_from_this()](child_event x) {
        self->where.on_reactor(
          [self, x = std::move(x)]() mutable { self->on_event(x); });
      },
      std::move(extras));
    return std::nullopt;
  }

  std::optional<failure> open_channel(runner_start& extras) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      return failure{errno == EMFILE || errno == ENFILE
                       ? errc::out_of_descriptors
                       : errc::runner_failed,
                     {stage::launch, errno, "no socket pair was made"}};
    std::error_code ec;
    auto ours = unique_fd{ends[0]};
    auto its = unique_fd{ends[1]};
    channel = at_least_3(std::move(ours), ec);
    extras.channel = at_least_3(std::move(its), ec);
    if (ec)
      return failure{errc::out_of_descriptors,
                     {stage::launch, ec.value(), "no socket pair was made"}};
    return std::nullopt;
  }

  std::optional<failure> choose_program(command& spec) const {
    if (!options.command.empty()) {
      spec.program = options.command.front();
      spec.args.assign(options.command.begin() + 1, options.command.end());
      return std::nullopt;
    }
    spec.program = options.program;
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

  void on_event(child_event& x) {
    if (auto* failed = std::get_if<child_start_failed>(&x)) {
      process.reset();
      auto& why = failed->why;
      if (!options.user.empty() && why.code == errc::not_executable)
        why.detail.text += " by the user " + options.user;
      tell(runner_launch_failed{std::move(why)});
    } else if (auto* started = std::get_if<child_started>(&x)) {
      tell(runner_launched{started->pid});
      connect();
    } else if (auto* said = std::get_if<child_output>(&x)) {
      tell(runner_said{std::string{said->bytes.text()}});
      process->grant(said->bytes.size());
    } else if (auto* exited = std::get_if<child_exited>(&x)) {
      tell(runner_exited{exited->status});
      process->finish();
    } else if (std::holds_alternative<child_finished>(x)) {
      process.reset();
      tell(runner_gone{});
    }
  }

  void connect() {
    auto io = std::make_shared<channel_stream>(where.context());
    boost::system::error_code ec;
    io->assign(channel.get(), ec);
    if (ec)
      return tell(runner_connect_failed{
        {errc::runner_failed,
         {stage::connect, ec.value(), "the runner cannot be connected to"}}});
    channel.release();
    widen(*io);
    tell(runner_connected{std::make_shared<channel_duplex>(io, io)});
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
    state_->where.on_launcher([state = state_] { state->launch(); });
  }

  void kill() override {
    // By way of the launcher, which may be about to start it. Twice, as its
    // first step decides what to start, and then posts the start.
    state_->where.on_launcher([state = state_] {
      state->cancel();
      state->where.on_launcher([state] {
        state->where.on_reactor([state] {
          if (state->process != nullptr)
            state->process->stop();
        });
      });
    });
  }

private:
  std::shared_ptr<launch_state> state_;
};

class posix_runner_port : public runner_port {
public:
  explicit posix_runner_port(runtime_ref where) : where_(std::move(where)) {
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
    // Up to 256 bytes are returned whole (getrandom(2)).
    std::uint8_t random[16] = {};
    while (::getrandom(random, sizeof(random), 0) < 0 && errno == EINTR)
      continue;
    std::string result;
    for (auto byte : random)
      for (auto digit : {byte >> 4, byte & 15})
        result += "0123456789abcdef"[digit];
    return result;
  }

private:
  runtime_ref where_;
};

} // namespace

} // namespace procession::posix

namespace procession {

std::shared_ptr<runner_port> make_runner_port(const runtime& owner) {
  return std::make_shared<posix::posix_runner_port>(
    impl_ref<runtime::impl>{owner.impl_});
}

} // namespace procession
