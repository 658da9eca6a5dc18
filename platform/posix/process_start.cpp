#include "procession/platform/posix/process_start.hpp"

#include "procession/messages/expected.hpp"
#include "procession/platform/posix/launcher.hpp"
#include "procession/platform/posix/terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace procession::posix {

namespace {

/// Both sides of all standard streams. On a PTY the child's three are one, and
/// we have it, too.
struct streams {
  stream_ends ours;
  unique_fd in;
  unique_fd out;
  unique_fd err;
  unique_fd notification;
};

failure pipe_failure(const std::error_code& ec) {
  auto code = no_descriptor_left(ec.value()) ? errc::out_of_descriptors
                                             : errc::spawn_failed;
  return {code,
          {stage::open_pipes, ec.value(), "the child's pipes cannot be made"}};
}

/// Copies our own standard input for the child.
expected<unique_fd> share_input() {
  auto result = unique_fd{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)};
  if (!result)
    return failure{errc::spawn_failed,
                   {stage::open_pipes, errno,
                    "our standard input cannot be shared with the child"}};
  return result;
}

expected<streams> open_terminal(const stdio_spec& spec) {
  auto opened = open_pty(spec.size);
  if (!opened)
    return std::move(opened.error());
  streams result;
  result.ours.master = std::move(opened->master);
  result.ours.slave = std::move(opened->slave);
  if (spec.input == stdin_kind::inherit) {
    auto shared = share_input();
    if (!shared)
      return std::move(shared.error());
    result.in = std::move(*shared);
  }
  return result;
}

std::optional<failure> open_pipe(unique_fd& read, unique_fd& write) {
  std::error_code ec;
  auto made = make_pipe(ec);
  if (ec)
    return pipe_failure(ec);
  read = std::move(made.read);
  write = std::move(made.write);
  return std::nullopt;
}

expected<streams> open_pipes(const stdio_spec& spec) {
  std::error_code ec;
  streams result;
  if (auto bad = open_pipe(result.ours.out, result.out))
    return std::move(*bad);
  if (spec.kind == stdio_kind::pipes)
    if (auto bad = open_pipe(result.ours.err, result.err))
      return std::move(*bad);
  if (spec.input == stdin_kind::pipe) {
    if (auto bad = open_pipe(result.in, result.ours.in))
      return std::move(*bad);
    set_nonblocking(result.ours.in.get(), ec);
    if (ec)
      return pipe_failure(ec);
  } else if (spec.input == stdin_kind::inherit) {
    auto shared = share_input();
    if (!shared)
      return std::move(shared.error());
    result.in = std::move(*shared);
  } else {
    result.in = at_least_3(unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)},
                           ec);
    if (!result.in)
      return pipe_failure(ec ? ec : last_error());
  }
  return result;
}

/// Opens the channel for input and output, and a pipe for errors.
expected<streams> open_channel(const unique_fd& channel) {
  streams result;
  if (auto bad = open_pipe(result.ours.err, result.err))
    return std::move(*bad);
  for (auto* end : {&result.in, &result.out}) {
    end->reset(::fcntl(channel.get(), F_DUPFD_CLOEXEC, 3));
    if (!*end)
      return pipe_failure(last_error());
  }
  return result;
}

expected<streams> open_streams(const stdio_spec& spec,
                               const runner_start* runner) {
  if (runner != nullptr && runner->channel)
    return open_channel(runner->channel);
  switch (spec.kind) {
    case stdio_kind::pty:
      return open_terminal(spec);
    case stdio_kind::pipes:
    case stdio_kind::merged:
      return open_pipes(spec);
  }
  return failure{errc::invalid_argument,
                 {stage::validate, 0, "no such kind of standard streams"}};
}

} // namespace

std::variant<started_process, failed_start>
start_process(host& where, const command& spec, const runner_start* runner,
              std::chrono::milliseconds patience) {
  if (!spec.restricted.capability_sids.empty())
    return failed_start{
      {errc::invalid_argument,
       {stage::validate, 0, "programs are restricted by SIDs on Windows only"}},
      nullptr};
  // Nothing is started that the keeper could not end.
  if (auto bad = where.keeper.ensure(where.containment->keeper_args()))
    return failed_start{std::move(*bad), nullptr};
  auto opened = open_streams(spec.stdio, runner);
  if (!opened)
    return failed_start{std::move(opened.error()), nullptr};
  auto& streams = *opened;
  if (spec.notification_fd != 0)
    if (auto bad = open_pipe(streams.ours.notification, streams.notification))
      return failed_start{std::move(*bad), nullptr};
  auto made = where.containment->make_tree();
  if (!made)
    return failed_start{std::move(made.error()), nullptr};
  auto& tree = *made;
  auto terminal = spec.stdio.kind == stdio_kind::pty;
  launch_options options;
  options.in = streams.in ? streams.in.get() : streams.ours.slave.get();
  options.out = terminal ? streams.ours.slave.get() : streams.out.get();
  options.err = streams.err ? streams.err.get() : options.out;
  options.notification = streams.notification.get();
  options.controlling_terminal = terminal;
  options.cgroup = tree->cgroup();
  options.marker = tree->marker();
  options.watch = &where.watch;
  options.patience = patience;
  options.limit = tree->limit();
  if (runner != nullptr && runner->become)
    options.become = &*runner->become;
  auto result = launch(spec, options);
  if (!result)
    return failed_start{std::move(result.error()), std::move(tree)};
  return started_process{result->pid, std::move(result->pidfd),
                         std::move(streams.ours), std::move(tree),
                         result->inherited_peak};
}

} // namespace procession::posix
