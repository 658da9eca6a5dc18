#include "procession/platform/posix/input_writer.hpp"

#include "procession/platform/posix/terminal.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace procession::posix {

namespace {

failure line_too_long() {
  return {errc::line_too_long,
          {stage::run, 0,
           "the terminal would drop the rest of a line of more than "
             + std::to_string(longest_line) + " bytes"}};
}

} // namespace

input_writer::input_writer(stream_owner& owner, loop& reactor)
  : owner_(owner), reactor_(reactor) {
  // nop
}

void input_writer::open(unique_fd pipe) {
  pipe_ = std::move(pipe);
  if (pipe_)
    state_ = state::open;
}

void input_writer::open(watched_fd master, unique_fd& slave) {
  io_ = std::move(master);
  slave_ = &slave;
  state_ = state::open;
}

void input_writer::write(shared_bytes bytes) {
  if (state_ != state::open || bytes.empty())
    return;
  queue_.push_back(std::move(bytes));
  flush();
}

void input_writer::finish() {
  if (state_ != state::open)
    return;
  state_ = state::finishing;
  flush();
}

void input_writer::close() {
  state_ = state::closed;
  queue_.clear();
  end_.reset();
  pipe_.reset();
  io_.reset();
}

int input_writer::number() const noexcept {
  return io_ != nullptr ? io_->native_handle() : pipe_.get();
}

void input_writer::flush() {
  if (state_ == state::closed || awaiting_room_)
    return;
  std::uint64_t taken = 0;
  auto tell_taken = [&] {
    if (taken > 0)
      owner_.emit(child_stdin_taken{std::exchange(taken, 0)});
  };
  auto result = written::all;
  auto os_code = 0;
  while (!queue_.empty() && result == written::all) {
    auto& front = queue_.front();
    if (!begun_ && !fits(front)) {
      tell_taken();
      owner_.emit(child_stdin_refused{front.size(), line_too_long()});
      queue_.pop_front();
      continue;
    }
    result = write_some(front, taken);
    os_code = errno;
    begun_ = result != written::all;
    if (result == written::all)
      queue_.pop_front();
  }
  tell_taken();
  if (result == written::failed)
    fail(errc::stdin_closed, os_code, "the child does not take input any more");
  else if (result == written::some)
    await_room();
  else if (state_ == state::finishing)
    end();
}

input_writer::written input_writer::write_some(shared_bytes& bytes,
                                               std::uint64_t& taken) {
  auto rest = bytes.span();
  auto result = written::all;
  while (!rest.empty() && result == written::all) {
    auto n = ::write(number(), rest.data(), rest.size());
    if (n > 0) {
      taken += static_cast<std::uint64_t>(n);
      last_ = static_cast<char>(rest[static_cast<std::size_t>(n) - 1]);
      rest = rest.subspan(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      result = written::some;
    } else if (n < 0 && errno != EINTR) {
      result = written::failed;
    }
  }
  if (result == written::some)
    bytes = bytes.from(bytes.size() - rest.size());
  return result;
}

bool input_writer::fits(const shared_bytes& bytes) {
  if (slave_ == nullptr)
    return true;
  auto after = line_after(number(), line_, bytes.text());
  if (!after)
    return false;
  line_ = *after;
  return true;
}

void input_writer::await_room() {
  if (io_ == nullptr)
    io_ = watch(reactor_, pipe_);
  if (io_ == nullptr)
    return fail(errc::out_of_descriptors, errno,
                "the input cannot be watched for room, so it was closed");
  awaiting_room_ = true;
  io_->async_wait(boost::asio::posix::stream_descriptor::wait_write,
                  [this,
                   owner = owner_.keep()](const boost::system::error_code& ec) {
                    awaiting_room_ = false;
                    if (!ec)
                      flush();
                  });
}

void input_writer::end() {
  if (slave_ == nullptr)
    return close();
  state_ = state::ending;
  end_ = std::make_unique<terminal_end>(owner_, reactor_, number(), *slave_,
                                        last_);
}

void input_writer::fail(errc code, int os_code, std::string text) {
  close();
  owner_.emit(
    child_stdin_broken{{code, {stage::run, os_code, std::move(text)}}});
}

} // namespace procession::posix
