#include "procession/runner/parent/remote_input.hpp"

#include "procession/runner/channel/protocol.hpp"

#include <algorithm>
#include <utility>

namespace procession {

void remote_input::write(shared_bytes bytes) {
  if (at_ == state::open && !bytes.empty())
    waiting_.push_back(std::move(bytes));
}

void remote_input::close() {
  if (at_ == state::open)
    at_ = state::closing;
}

shared_bytes remote_input::take() {
  if (waiting_.empty())
    return {};
  auto& front = waiting_.front();
  auto result = front.first(std::min<std::uint64_t>(
    max_data_body, protocol::input_window - under_way_));
  under_way_ += result.size();
  front = front.from(result.size());
  if (front.empty())
    waiting_.pop_front();
  return result;
}

bool remote_input::take_end() {
  if (at_ != state::closing || !waiting_.empty())
    return false;
  at_ = state::closed;
  return true;
}

bool remote_input::credit(std::uint64_t bytes) {
  if (bytes > under_way_)
    return false;
  under_way_ -= bytes;
  return true;
}

bool remote_input::fail() {
  if (at_ == state::broken)
    return false;
  at_ = state::broken;
  waiting_.clear();
  under_way_ = 0;
  return true;
}

void remote_input::drop() {
  waiting_.clear();
  if (at_ != state::broken)
    at_ = state::closed;
}

} // namespace procession
