#include "procession/platform/windows/input_writer.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace procession::windows {

namespace {

/// Input is written in pieces of this size, so that it is counted as the pipe
/// takes it: Windows completes a write only when all of it has found room.
constexpr std::size_t piece_size = 16 * 1024;

} // namespace

input_writer::input_writer(stream_owner& owner, loop& reactor)
  : owner_(owner), reactor_(reactor) {
  // nop
}

bool input_writer::open(unique_handle& to, bool terminal) {
  terminal_ = terminal;
  io_ = watch(reactor_, to);
  if (io_ != nullptr)
    state_ = state::open;
  return !to;
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

void input_writer::flush() {
  if (state_ == state::closed || sending_)
    return;
  if (queue_.empty()) {
    if (state_ == state::finishing)
      end();
    return;
  }
  sending_ = true;
  auto piece = queue_.front();
  auto bytes = piece.span().first(std::min(piece.size(), piece_size));
  auto text = std::make_shared<std::string>();
  if (terminal_)
    *text = typed_.normalise(bytes);
  auto buffer = terminal_
                  ? boost::asio::const_buffer(boost::asio::buffer(*text))
                  : boost::asio::buffer(bytes.data(), bytes.size());
  auto done = [this, owner = owner_.keep(), piece, text, io = io_,
               taken = bytes.size()](const boost::system::error_code& ec,
                                     std::size_t) { on_written(ec, taken); };
  // The LF of a CRLF produces no input.
  if (buffer.size() == 0)
    boost::asio::post(reactor_.context(), [done] { done({}, 0); });
  else
    boost::asio::async_write(*io_, buffer, std::move(done));
}

void input_writer::on_written(const boost::system::error_code& ec,
                              std::size_t taken) {
  sending_ = false;
  if (settled_) {
    if (!ec)
      owner_.emit(child_stdin_taken{taken});
    return std::exchange(settled_, nullptr)();
  }
  if (state_ == state::closed || queue_.empty())
    return;
  if (ec)
    return fail(ec.value());
  auto& front = queue_.front();
  if (taken < front.size())
    front = front.from(taken);
  else
    queue_.pop_front();
  owner_.emit(child_stdin_taken{taken});
  flush();
}

void input_writer::end() {
  // The handle of a terminal stays: without it the console ends at once.
  if (!terminal_)
    return close();
  state_ = state::closed;
  type(typed_.end_of_file());
}

void input_writer::fail(int os_code) {
  close();
  owner_.emit(child_stdin_broken{
    {errc::stdin_closed,
     {stage::run, os_code, "the child does not take input any more"}}});
}

void input_writer::type(std::string text) {
  if (io_ == nullptr)
    return;
  auto kept = std::make_shared<std::string>(std::move(text));
  boost::asio::async_write(*io_, boost::asio::buffer(*kept),
                           [owner = owner_.keep(), kept, io = io_](
                             const boost::system::error_code&, std::size_t) {});
}

void input_writer::settle(std::function<void()> done) {
  state_ = state::closed;
  queue_.clear();
  if (!sending_)
    return done();
  settled_ = std::move(done);
  boost::system::error_code ec;
  io_->cancel(ec);
}

void input_writer::close() {
  state_ = state::closed;
  queue_.clear();
  windows::close(io_);
}

} // namespace procession::windows
