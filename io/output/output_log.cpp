#include "procession/io/output/output_log.hpp"

#include <algorithm>

namespace procession {

namespace {

// A record costs memory beyond its bytes. Two streams that take turns byte by
// byte cannot be joined, so the number of records is bounded too.
constexpr std::uint64_t bytes_per_record = 64;

constexpr std::uint64_t min_records = 64;

} // namespace

output_log::output_log(std::uint64_t capacity) : capacity_(capacity) {
  // nop
}

std::uint64_t output_log::max_records() const noexcept {
  return min_records + capacity_ / bytes_per_record;
}

std::uint64_t output_log::room(cursor floor) const noexcept {
  auto behind = end_.out - floor.out + end_.err - floor.err;
  return capacity_ - std::min(capacity_, behind);
}

bool output_log::full(cursor floor) const noexcept {
  return room(floor) == 0 || records_.size() > max_records();
}

void output_log::append(stream_kind stream, shared_bytes bytes) {
  auto n = bytes.size();
  if (n == 0)
    return;
  auto offset = end_[stream];
  end_[stream] += n;
  size_ += n;
  if (!records_.empty()) {
    auto& last = records_.back();
    if (last.stream == stream && last.bytes.join(bytes))
      return;
  }
  records_.push_back({stream, offset, std::move(bytes)});
}

void output_log::trim(cursor floor) {
  while (size_ > capacity_ || records_.size() > max_records()) {
    auto& front = records_.front();
    std::uint64_t n = front.bytes.size();
    // If only the number of records is exceeded, the whole record goes.
    auto surplus = size_ > capacity_ ? std::min(n, size_ - capacity_) : n;
    auto limit = floor[front.stream];
    surplus = std::min(surplus, limit - std::min(limit, front.offset));
    if (surplus == 0)
      return;
    begin_[front.stream] += surplus;
    size_ -= surplus;
    if (surplus == n) {
      records_.pop_front();
      ++first_record_;
    } else {
      front.offset += surplus;
      front.bytes = front.bytes.from(surplus);
    }
  }
}

output_log::position output_log::find(cursor at) const {
  auto before = [&](const run& x) {
    return x.offset + x.bytes.size() <= at[x.stream];
  };
  auto i = std::find_if_not(records_.begin(), records_.end(), before);
  // The last record may still grow, so a reader never starts after it.
  if (i == records_.end() && !records_.empty())
    --i;
  return {at, first_record_ + static_cast<std::uint64_t>(i - records_.begin())};
}

std::optional<output_log::loss> output_log::skip_evicted(position& x) const {
  for (auto stream : {stream_kind::out, stream_kind::err}) {
    auto from = x.at[stream];
    if (from < begin_[stream]) {
      x.at[stream] = begin_[stream];
      return loss{stream, from, begin_[stream]};
    }
  }
  return std::nullopt;
}

std::optional<output_log::run> output_log::next(position& x,
                                                std::uint64_t max) const {
  x.record = std::max(x.record, first_record_);
  while (x.record - first_record_ < records_.size()) {
    auto& record = records_[x.record - first_record_];
    auto had = x.at[record.stream]
               - std::min(x.at[record.stream], record.offset);
    if (had >= record.bytes.size()) {
      // The last record may still grow, so a reader stays on it.
      if (x.record - first_record_ + 1 == records_.size())
        return std::nullopt;
      ++x.record;
      continue;
    }
    auto bytes = record.bytes.from(had).first(max);
    x.at[record.stream] += bytes.size();
    return run{record.stream, record.offset + had, std::move(bytes)};
  }
  return std::nullopt;
}

} // namespace procession
