#include "procession/io/output/chunks.hpp"

#include <cstring>
#include <mutex>
#include <vector>

namespace procession {

namespace {

// Reads of up to a quarter of a tail share a tail.
constexpr std::size_t small = chunk_tail::size / 4;

} // namespace

struct chunk_pool::free_list {
  std::mutex mutex;
  std::vector<std::unique_ptr<block>> blocks;
  std::size_t keep;
  std::size_t size;

  void put(std::unique_ptr<block> x) {
    std::lock_guard guard{mutex};
    if (blocks.size() < keep)
      blocks.push_back(std::move(x));
  }

  std::unique_ptr<block> get() {
    {
      std::lock_guard guard{mutex};
      if (!blocks.empty()) {
        // The block that was returned last is the one still in the cache.
        auto result = std::move(blocks.back());
        blocks.pop_back();
        return result;
      }
    }
    return std::make_unique_for_overwrite<block>(size);
  }
};

chunk_pool::chunk_pool(std::size_t keep, std::size_t size)
  : free_(std::make_shared<free_list>()) {
  free_->keep = keep;
  free_->size = size;
  free_->blocks.reserve(keep);
}

std::span<std::byte> chunk_pool::scratch() {
  if (scratch_ == nullptr)
    scratch_ = free_->get();
  return {scratch_.get(), free_->size};
}

shared_bytes chunk_pool::take(std::size_t n, chunk_tail& tail) {
  if (n == 0)
    return {};
  // For more than half a block, a copy costs more than the unused rest.
  if (n > free_->size / 2) {
    auto* data = scratch_.release();
    auto owner = std::shared_ptr<const std::byte>{
      data,
      [free = free_](std::byte* x) { free->put(std::unique_ptr<block>{x}); }};
    return {std::move(owner), data, n};
  }
  if (n > small) {
    auto owner = std::make_shared_for_overwrite<std::byte[]>(n);
    auto* data = owner.get();
    std::memcpy(data, scratch_.get(), n);
    return {std::move(owner), data, n};
  }
  if (tail.block_ == nullptr || chunk_tail::size - tail.used_ < n) {
    tail.block_ = std::make_shared_for_overwrite<std::byte[]>(chunk_tail::size);
    tail.used_ = 0;
  }
  // Slices that were handed out end where this one begins: their holders never
  // look at the bytes written here.
  auto* data = tail.block_.get() + tail.used_;
  std::memcpy(data, scratch_.get(), n);
  tail.used_ += n;
  return {tail.block_, data, n};
}

} // namespace procession
