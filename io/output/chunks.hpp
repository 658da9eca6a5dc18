#pragma once

#include "procession/messages/bytes.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace procession {

/// Collects the small reads of one stream: a block of `size` bytes that fills
/// up slice by slice. Each stream has its own.
class chunk_tail {
public:
  static constexpr std::size_t size = 4096;

private:
  friend class chunk_pool;
  std::shared_ptr<std::byte[]> block_;
  std::size_t used_ = 0;
};

/// Memory to read into. One thread reads; any thread may drop the chunks it
/// takes, which returns their blocks for later reads.
///
/// A large read becomes a chunk without a copy. A small one is copied, so that
/// a prompt of two bytes does not keep a full block; the smallest lie in
/// sequence in the stream's tail, where they can be joined.
class chunk_pool {
public:
  /// The usual size of a block, and so of the largest chunk, in bytes.
  static constexpr std::size_t block_size = 64 * 1024;

  /// @param keep number of unused blocks to keep.
  /// @param size size of a block in bytes.
  explicit chunk_pool(std::size_t keep = 16, std::size_t size = block_size);

  /// Returns the room for the next read: a whole block, the same until `take`.
  std::span<std::byte> scratch();

  /// Creates a chunk from the first `n` bytes of the scratch room.
  shared_bytes take(std::size_t n, chunk_tail& tail);

private:
  using block = std::byte[];
  struct free_list;

  std::shared_ptr<free_list> free_;
  std::unique_ptr<block> scratch_;
};

} // namespace procession
