#include "procession/platform/posix/keeper_watch.hpp"

#include "procession/platform/posix/keeper.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace procession::posix {

namespace {

using std::chrono::steady_clock;

/// A keeper that ends this soon, this often in a row, is not replaced before
/// the next spawn: another one would not help.
constexpr auto too_soon = std::chrono::seconds{1};
constexpr auto too_often = 5;

} // namespace

struct keeper_watch::state : std::enable_shared_from_this<state> {
  state(loop& x, loop& y) : reactor(x), launcher(y), end(x.context()) {
    // nop
  }

  std::optional<failure> ensure() {
    if (stopped || (current && current->alive()))
      return std::nullopt;
    auto made = keeper::start(args);
    if (!made)
      return std::move(made.error());
    auto pidfd = unique_fd{::fcntl(made->pidfd(), F_DUPFD_CLOEXEC, 3)};
    if (!pidfd)
      return failure{errc::out_of_descriptors,
                     {stage::contain, errno, "the keeper cannot be watched"}};
    current = std::move(*made);
    started = steady_clock::now();
    reactor.post([self = shared_from_this(), fd = std::move(pidfd)]() mutable {
      self->await_end(std::move(fd));
    });
    return std::nullopt;
  }

  void replace() {
    auto soon = steady_clock::now() - started < too_soon;
    soon_ended = soon ? soon_ended + 1 : 0;
    // The next spawn reports a failure.
    if (soon_ended < too_often)
      ensure();
  }

  // On the reactor.
  void await_end(unique_fd fd) {
    boost::system::error_code ec;
    end.close(ec);
    end.assign(fd.get(), ec);
    // The next spawn notices the end then.
    if (ec)
      return;
    fd.release();
    end.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      [self = shared_from_this()](const boost::system::error_code& error) {
        boost::system::error_code ignored;
        if (error)
          return;
        self->end.close(ignored);
        self->launcher.post([self] { self->replace(); });
      });
  }

  loop& reactor;
  loop& launcher;
  std::vector<std::string> args;
  std::optional<keeper> current;
  steady_clock::time_point started;
  int soon_ended = 0;
  bool stopped = false;
  /// Readable when the keeper has ended. On the reactor.
  boost::asio::posix::stream_descriptor end;
};

keeper_watch::keeper_watch(loop& reactor, loop& launcher)
  : state_(std::make_shared<state>(reactor, launcher)) {
  // nop
}

keeper_watch::~keeper_watch() {
  stop();
}

std::optional<failure>
keeper_watch::ensure(const std::vector<std::string>& args) {
  state_->args = args;
  return state_->ensure();
}

void keeper_watch::stop() {
  state_->stopped = true;
  state_->current.reset();
}

} // namespace procession::posix
