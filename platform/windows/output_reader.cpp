#include "procession/platform/windows/output_reader.hpp"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace procession::windows {

namespace {

/// A pending read holds its buffer, so the buffer is small where little output
/// comes.
constexpr std::size_t small_room = 4096;

} // namespace

output_reader::output_reader(stream_owner& owner, host& where,
                             stream_kind stream, std::uint64_t& credit)
  : owner_(owner), host_(where), stream_(stream), credit_(credit) {
  // nop
}

bool output_reader::open(unique_handle& from) {
  io_ = watch(host_.reactor, from);
  if (io_ != nullptr)
    state_ = state::idle;
  return !from;
}

void output_reader::answer_queries(input_writer& in) {
  answers_ = &in;
}

bool output_reader::deliver() {
  auto n = static_cast<std::size_t>(
    std::min<std::uint64_t>(end_ - begin_, credit_));
  if (n > 0) {
    std::copy_n(room_.begin() + static_cast<std::ptrdiff_t>(begin_), n,
                host_.pool.scratch().begin());
    begin_ += n;
    credit_ -= n;
    owner_.emit(child_output{stream_, host_.pool.take(n, tail_)});
  }
  return begin_ == end_;
}

void output_reader::pump() {
  if (state_ != state::idle || !deliver() || credit_ == 0)
    return;
  // Only a buffer that was filled deserves a larger one.
  auto filled = !room_.empty() && end_ == room_.size();
  room_.resize(filled ? chunk_pool::block_size : small_room);
  if (!filled)
    room_.shrink_to_fit();
  begin_ = end_ = 0;
  state_ = state::waiting;
  io_->async_read_some(boost::asio::buffer(room_),
                       [this, owner = owner_.keep(),
                        io = io_](const boost::system::error_code& ec,
                                  std::size_t n) { on_read(ec, n); });
}

void output_reader::on_read(const boost::system::error_code& ec,
                            std::size_t n) {
  if (state_ != state::waiting)
    return;
  state_ = state::idle;
  end_ = n;
  if (answers_ != nullptr && !queries_.over())
    take_queries(n);
  // No bytes and no error: a program wrote nothing, which Windows passes on.
  if (!ec || end_ != 0)
    return pump();
  close();
  owner_.output_ended();
}

void output_reader::take_queries(std::size_t n) {
  auto found = queries_.take(std::span{room_}.first(n));
  if (n == 0)
    found.output = queries_.rest();
  if (!found.answer.empty())
    answers_->type(std::move(found.answer));
  auto bytes = std::as_bytes(std::span{found.output});
  room_.assign(bytes.begin(), bytes.end());
  end_ = room_.size();
  // Larger than its content, so that `pump` does not take it for filled.
  room_.resize(std::max(end_ + 1, small_room));
}

void output_reader::close() {
  if (state_ != state::none)
    state_ = state::ended;
  windows::close(io_);
}

bool output_reader::ended() const noexcept {
  return state_ == state::none || state_ == state::ended;
}

} // namespace procession::windows
