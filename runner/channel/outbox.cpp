#include "procession/runner/channel/outbox.hpp"

#include "procession/runner/channel/protocol.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

/// Bytes of data frames in one batch: the most that a control frame may have to
/// wait for.
constexpr std::size_t enough = 256 * 1024;

/// writev(2) takes 1024 parts; a frame has two.
constexpr std::size_t max_frames = 64;

} // namespace

void outbox::add_control(frame_type type, std::uint64_t session,
                         std::string body) {
  // Credit precedes a later control frame, which may be the last of its
  // session.
  auto i = credits_.lower_bound({session, frame_type{}});
  while (i != credits_.end() && i->first.first == session) {
    control_.push_back(credit_item(session, i->first.second, i->second));
    i = credits_.erase(i);
  }
  control_.push_back({type, 0, session, shared_bytes{std::move(body)}});
}

void outbox::add_credit(frame_type type, std::uint64_t session,
                        std::uint64_t bytes) {
  credits_[{session, type}] += bytes;
}

void outbox::add_to_lane(frame_type type, std::uint16_t flags,
                         std::uint64_t session, shared_bytes body) {
  auto& queue = queues_[session];
  if (queue.empty())
    turns_.push_back(session);
  do {
    queue.push_back({type, flags, session, body.first(max_data_body)});
    body = body.from(max_data_body);
  } while (!body.empty());
}

void outbox::drop_lane(std::uint64_t session) {
  if (queues_.erase(session) > 0)
    std::erase(turns_, session);
}

void outbox::drop_all_but_control() {
  credits_.clear();
  queues_.clear();
  turns_.clear();
}

outbox::item outbox::credit_item(std::uint64_t session, frame_type type,
                                 std::uint64_t bytes) {
  return {type, 0, session,
          shared_bytes{protocol::encode(protocol::credit{bytes})}};
}

void outbox::send(item x) {
  frame_header header{.length = static_cast<std::uint32_t>(x.body.size()),
                      .type = x.type,
                      .flags = x.flags,
                      .session = x.session,
                      .sequence = ++last_sequence_};
  parts_.push_back(headers_.emplace_back(encode(header)));
  if (!x.body.empty())
    parts_.push_back(x.body.span());
  batch_size_ += frame_header_size + x.body.size();
  bodies_.push_back(std::move(x.body));
}

std::span<const std::span<const std::byte>> outbox::next_batch() {
  headers_.clear();
  bodies_.clear();
  parts_.clear();
  batch_size_ = 0;
  while (!control_.empty() && headers_.size() < max_frames) {
    send(std::move(control_.front()));
    control_.pop_front();
  }
  while (!credits_.empty() && headers_.size() < max_frames) {
    auto [key, bytes] = *credits_.begin();
    credits_.erase(credits_.begin());
    send(credit_item(key.first, key.second, bytes));
  }
  while (!turns_.empty() && headers_.size() < max_frames
         && batch_size_ < enough) {
    auto session = turns_.front();
    turns_.pop_front();
    auto i = queues_.find(session);
    send(std::move(i->second.front()));
    i->second.pop_front();
    if (i->second.empty())
      queues_.erase(i);
    else
      turns_.push_back(session);
  }
  return parts_;
}

} // namespace procession
