#pragma once

#include "procession/messages/bytes.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace procession {

/// Where the small reads of one stream gather: a block of `tail_size` bytes
/// that fills up slice by slice. One per stream.
class chunk_tail {
public:
  static constexpr std::size_t size = 4096;

private:
  friend class chunk_pool;
  std::shared_ptr<std::byte[]> block_;
  std::size_t used_ = 0;
};

/// Memory to read into. One thread reads; the chunks it takes may be dropped on
/// any thread, which brings their block back for the next read.
///
/// A large read becomes a chunk as it is. A small one is copied out of the way,
/// so that a prompt of two bytes does not hold on to a full block; the smallest
/// lie one behind the other in the stream's tail, where they can be joined.
class chunk_pool {
public:
  /// The largest chunk there is as a rule, in bytes.
  static constexpr std::size_t block_size = 64 * 1024;

  /// @param keep how many unused blocks to keep.
  /// @param size the largest chunk there is, in bytes.
  explicit chunk_pool(std::size_t keep = 16, std::size_t size = block_size);

  /// Room for the next read: a whole block, the same until `take`.
  std::span<std::byte> scratch();

  /// Makes a chunk of the first `n` bytes of the scratch room.
  shared_bytes take(std::size_t n, chunk_tail& tail);

private:
  using block = std::byte[];
  struct free_list;

  std::shared_ptr<free_list> free_;
  std::unique_ptr<block> scratch_;
};

} // namespace procession
