#include "procession/platform/posix/output_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace procession::posix {

namespace {

/// After this many full reads in a row a pipe is worth a wider one: fewer
/// and larger messages to every subscriber.
constexpr auto flood = 16;
constexpr auto wide_pipe_size = 8 * static_cast<int>(chunk_pool::block_size);
constexpr auto max_wide_pipes = 32;

/// The most that a terminal gives at a time (N_TTY_BUF_SIZE of n_tty.c).
constexpr std::size_t terminal_read = 4096;

} // namespace

output_reader::output_reader(stream_owner& owner, host& where,
                             stream_kind stream, std::uint64_t& credit)
  : owner_(owner), host_(where), stream_(stream), credit_(credit) {
  // nop
}

bool output_reader::open(unique_fd& fd, bool terminal) {
  terminal_ = terminal;
  io_ = watch(host_.reactor, fd);
  return !fd;
}

void output_reader::start() {
  if (io_ != nullptr)
    state_ = credit_ > 0 ? state::waiting : state::idle;
}

void output_reader::await(watched_fd from) {
  auto& io = *from;
  io.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                [this, owner = owner_.keep(),
                 from = std::move(from)](const boost::system::error_code& ec) {
                  if (ec || state_ != state::waiting)
                    return;
                  state_ = state::idle;
                  pump();
                });
}

void output_reader::pump() {
  // After this many blocks other work on the reactor gets its turn.
  constexpr auto turns = 8;
  if (state_ != state::idle)
    return;
  for (auto turn = 0; credit_ > 0; ++turn) {
    if (turn == turns) {
      state_ = state::waiting;
      host_.reactor.post([this, owner = owner_.keep()] {
        if (state_ != state::waiting)
          return;
        state_ = state::idle;
        pump();
      });
      return;
    }
    auto& pool = wide_ ? host_.wide_pool : host_.pool;
    auto room = pool.scratch();
    room = room.first(std::min<std::uint64_t>(room.size(), credit_));
    std::size_t filled = 0;
    auto result = ssize_t{0};
    // Joins a terminal's output while there is more.
    do {
      result = read_some(room.subspan(filled));
      if (result > 0)
        filled += static_cast<std::size_t>(result);
    } while (result > 0 && terminal_ && room.size() - filled >= terminal_read);
    auto os_code = result < 0 ? errno : 0;
    if (filled > 0) {
      credit_ -= filled;
      owner_.emit(child_output{stream_, pool.take(filled, tail_)});
    }
    auto least = terminal_ ? terminal_read : std::size_t{1};
    auto full = result > 0 && room.size() - filled < least;
    full_reads_ = full ? full_reads_ + 1 : 0;
    if (full_reads_ == flood && !wide_)
      widen();
    // A pipe that returned less than requested is empty now.
    auto drained = os_code == EAGAIN
                   || (result > 0 && !terminal_ && filled < room.size());
    if (drained) {
      state_ = state::waiting;
      return await(io_);
    }
    if (result <= 0)
      return end();
  }
}

ssize_t output_reader::read_some(std::span<std::byte> room) {
  // A terminal returns EIO when no process has the slave side open (pty(7)). We
  // have it open while the process lives, so EIO is not an error but the end.
  // But the kernel looks for output first and for openers then: output that
  // comes in between, which is the last, is there at the next read (n_tty_read
  // of n_tty.c).
  auto retry_eio = terminal_;
  for (;;) {
    auto n = ::read(io_->native_handle(), room.data(), room.size());
    auto again = n < 0
                 && (errno == EINTR
                     || (errno == EIO && std::exchange(retry_eio, false)));
    if (!again)
      return n;
  }
}

void output_reader::widen() {
  // The system grants a user 64 MiB of pipes by default (pipe(7)); most of it
  // is left to others.
  if (host_.wide_pipes < max_wide_pipes
      && (terminal_
          || ::fcntl(io_->native_handle(), F_SETPIPE_SZ, wide_pipe_size)
               >= 0)) {
    wide_ = true;
    ++host_.wide_pipes;
  }
}

void output_reader::hurry() {
  if (state_ != state::waiting)
    return;
  boost::system::error_code ec;
  io_->cancel(ec);
  state_ = state::idle;
  pump();
}

void output_reader::stop() {
  boost::system::error_code ec;
  if (state_ == state::waiting)
    io_->cancel(ec);
  if (state_ != state::none)
    state_ = state::ended;
}

void output_reader::close() {
  stop();
  if (std::exchange(wide_, false))
    --host_.wide_pipes;
  posix::close(io_);
}

bool output_reader::ended() const noexcept {
  return state_ == state::none || state_ == state::ended;
}

void output_reader::end() {
  // It is closed later with the rest: closing it now could delay the process,
  // which may be about to end on this core.
  state_ = state::ended;
  owner_.output_ended();
}

} // namespace procession::posix
