#include "procession/platform/posix/runner_listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace procession::posix {

namespace {

constexpr auto socket_name = "channel";

failure listen_failure(std::string text) {
  return {errc::runner_failed, {stage::connect, errno, std::move(text)}};
}

} // namespace

runner_listener::runner_listener(boost::asio::io_context& where)
  : socket_(where) {
  // nop
}

runner_listener::~runner_listener() {
  // The directory may be another user's, who may have put something else in its
  // place: not by its path.
  if (open_directory_)
    ::unlinkat(open_directory_.get(), socket_name, 0);
  if (!directory_.empty())
    ::rmdir(directory_.c_str());
}

std::variant<std::unique_ptr<runner_listener>, failure>
runner_listener::open(boost::asio::io_context& where,
                      const std::optional<identity>& who) {
  std::unique_ptr<runner_listener> result{new runner_listener{where}};
  // Another user cannot pass through a directory of ours.
  auto* ours = who ? nullptr : ::getenv("XDG_RUNTIME_DIR");
  // The XDG base directory specification: a relative path is not to be used.
  auto usable = ours != nullptr && *ours == '/';
  auto directory = std::string{usable ? ours : "/tmp"} + "/procession-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr)
    return listen_failure("no directory for the runner's socket was made");
  result->directory_ = directory;
  result->open_directory_.reset(
    ::open(directory.c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!result->open_directory_)
    return listen_failure("the directory of the runner's socket is not open");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto path = directory + '/' + socket_name;
  if (path.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return listen_failure("the path of the runner's socket is too long");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  std::error_code ec;
  auto socket = at_least_3(
    unique_fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)},
    ec);
  // The file gets the mode of its socket (unix(7)), so that there is no moment
  // in which another mode holds.
  if (!socket || ::fchmod(socket.get(), 0600) != 0
      || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address))
           != 0)
    return listen_failure("the runner's socket was not made");
  result->path_ = path;
  auto give_to = [&](const identity& x) {
    return ::fchownat(result->open_directory_.get(), socket_name, x.user,
                      x.group, AT_SYMLINK_NOFOLLOW)
             == 0
           && ::fchown(result->open_directory_.get(), x.user, x.group) == 0;
  };
  if ((who && !give_to(*who)) || ::listen(socket.get(), 4) != 0)
    return listen_failure("the runner's socket was not made");
  boost::system::error_code assigned;
  result->socket_.assign(socket.get(), assigned);
  if (assigned)
    return listen_failure("the runner's socket is not to be watched");
  socket.release();
  return result;
}

void runner_listener::await(pid_t pid, std::function<void(unique_fd)> done) {
  pid_ = pid;
  done_ = std::move(done);
  step();
}

void runner_listener::step() {
  socket_.async_wait(
    boost::asio::posix::stream_descriptor::wait_read,
    [this](const boost::system::error_code& ec) {
      if (ec)
        return;
      std::error_code moved;
      auto peer = at_least_3(unique_fd{::accept4(socket_.native_handle(),
                                                 nullptr, nullptr,
                                                 SOCK_CLOEXEC)},
                             moved);
      // Out of descriptors; it would be ready again at once while that lasts.
      if (!peer && (moved || errno == EMFILE || errno == ENFILE))
        return std::exchange(done_, nullptr)({});
      ucred who{};
      socklen_t size = sizeof(who);
      if (!peer
          || ::getsockopt(peer.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0
          || who.pid != pid_)
        return step();
      boost::system::error_code ignored;
      socket_.close(ignored);
      std::exchange(done_, nullptr)(std::move(peer));
    });
}

} // namespace procession::posix
