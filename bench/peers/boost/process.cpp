#include "process.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <stdexcept>

namespace procession::bench {

namespace {

namespace v2 = boost::process::v2;
using asio::use_awaitable;
using boost::system::error_code;

struct ends {
  int ours = -1;
  int theirs = -1;
};

ends open_pipe(bool we_read) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0)
    throw std::runtime_error{"pipe2"};
  return we_read ? ends{fds[0], fds[1]} : ends{fds[1], fds[0]};
}

ends open_terminal() {
  ends result;
  if (::openpty(&result.ours, &result.theirs, nullptr, nullptr, nullptr) != 0)
    throw std::runtime_error{"openpty"};
  ::fcntl(result.ours, F_SETFD, FD_CLOEXEC);
  ::fcntl(result.theirs, F_SETFD, FD_CLOEXEC);
  return result;
}

/// Gives the child a session of its own, and its terminal.
struct session_of_its_own {
  bool terminal = false;

  template <class Launcher>
  error_code
  on_exec_setup(Launcher&, const v2::filesystem::path&, const char* const*) {
    ::setsid();
    if (terminal)
      ::ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    return {};
  }
};

} // namespace

process::process(asio::io_context& context, wiring how, const words& command)
  : in_(context), out_(context), err_(context) {
  ends in;
  ends out;
  ends err;
  if (how == wiring::terminal) {
    out = open_terminal();
    in.theirs = ::fcntl(out.theirs, F_DUPFD_CLOEXEC, 3);
    err.theirs = ::fcntl(out.theirs, F_DUPFD_CLOEXEC, 3);
    in.ours = ::fcntl(out.ours, F_DUPFD_CLOEXEC, 3);
  } else {
    if (how == wiring::pipes)
      in = open_pipe(false);
    else
      in.theirs = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    out = open_pipe(true);
    err = open_pipe(true);
  }
  v2::process_stdio stdio{in.theirs, out.theirs, err.theirs};
  process_ = std::make_unique<v2::process>(
    context, command.at(0), words{command.begin() + 1, command.end()},
    std::move(stdio), session_of_its_own{how == wiring::terminal});
  for (auto& x : {in, out, err})
    ::close(x.theirs);
  if (in.ours >= 0)
    in_.assign(in.ours);
  out_.assign(out.ours);
  if (err.ours >= 0)
    err_.assign(err.ours);
}

asio::awaitable<std::size_t> process::read_some(std::vector<char>& to) {
  error_code ec;
  co_return co_await out_.async_read_some(
    asio::buffer(to), asio::redirect_error(use_awaitable, ec));
}

asio::awaitable<void> process::read_all(char* to, std::size_t size) {
  co_await asio::async_read(out_, asio::buffer(to, size), use_awaitable);
}

asio::awaitable<void> process::write(const char* from, std::size_t size) {
  co_await asio::async_write(in_, asio::buffer(from, size), use_awaitable);
}

void process::close_input() {
  in_.close();
}

asio::awaitable<void> process::expect_success() {
  error_code ec;
  std::string text;
  if (err_.is_open())
    co_await asio::async_read(err_, asio::dynamic_buffer(text),
                              asio::redirect_error(use_awaitable, ec));
  if (co_await process_->async_wait(use_awaitable) != 0)
    throw std::runtime_error{"the child failed"};
}

void process::kill() {
  error_code ec;
  process_->terminate(ec);
}

} // namespace procession::bench
