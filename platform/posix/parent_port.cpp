#include "procession/platform/common/parent_port.hpp"

#include "procession/platform/common/reactor_executor.hpp"
#include "procession/platform/posix/identity.hpp"
#include "procession/platform/posix/runner_channel.hpp"
#include "procession/platform/posix/runtime_impl.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace procession::posix {

namespace {

failure no_channel(std::string text, int os_code = 0) {
  return {errc::runner_failed, {stage::connect, os_code, std::move(text)}};
}

/// Takes over a standard stream, so that no code prints into it.
expected<unique_fd> take_stream(int number) {
  struct stat info;
  if (::fstat(number, &info) != 0
      || !(S_ISSOCK(info.st_mode) || S_ISFIFO(info.st_mode)))
    return no_channel(
      "standard input and output are not a channel to a parent");
  auto result = unique_fd{::fcntl(number, F_DUPFD_CLOEXEC, 3)};
  auto null = unique_fd{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  if (!result || !null || ::dup2(null.get(), number) < 0)
    return no_channel("standard input and output cannot be taken over", errno);
  return result;
}

class posix_parent_port : public parent_port {
public:
  explicit posix_parent_port(impl_ref<runtime::impl> where)
    : where_(std::move(where)) {
    // nop
  }

  std::shared_ptr<executor> work() override {
    return std::make_shared<reactor_executor<runtime::impl>>(where_);
  }

  expected<std::shared_ptr<duplex>>
  open_channel(const channel_address&) override {
    // The program is our own, unlike one that embeds sessions. If it is started
    // with SIGCHLD ignored, the status of its children is lost (wait(2)).
    std::signal(SIGCHLD, SIG_DFL);
    std::shared_ptr<channel_stream> streams[2];
    for (auto number : {STDIN_FILENO, STDOUT_FILENO}) {
      auto taken = take_stream(number);
      if (!taken)
        return std::move(taken.error());
      auto& io = streams[number];
      io = std::make_shared<channel_stream>(where_.context());
      boost::system::error_code ec;
      io->assign(taken->get(), ec);
      if (ec)
        return no_channel("the channel cannot be watched", ec.value());
      taken->release();
      widen(*io);
    }
    return std::make_shared<channel_duplex>(streams[STDIN_FILENO],
                                            streams[STDOUT_FILENO]);
  }

  runner_identity take_identity() override {
    auto* told = ::getenv(nonce_name);
    auto nonce = std::string{told == nullptr ? "" : told};
    // Our children must not read it in /proc/PID/environ either.
    if (told != nullptr)
      ::explicit_bzero(told, nonce.size());
    ::unsetenv(nonce_name);
    return {::getpid(), own_user_name(), std::move(nonce)};
  }

private:
  impl_ref<runtime::impl> where_;
};

} // namespace

} // namespace procession::posix

namespace procession {

std::shared_ptr<parent_port> make_parent_port(const runtime& owner) {
  return std::make_shared<posix::posix_parent_port>(
    impl_ref<runtime::impl>{owner.impl_});
}

} // namespace procession
