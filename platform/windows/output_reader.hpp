#pragma once

#include "procession/platform/common/stream_owner.hpp"
#include "procession/platform/windows/host.hpp"
#include "procession/platform/windows/input_writer.hpp"
#include "procession/platform/windows/rules/terminal_queries.hpp"
#include "procession/platform/windows/watched_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace procession::windows {

/// Reads one output of a child, of a pipe or of a pseudoconsole, while there is
/// credit. On the reactor.
class output_reader {
public:
  /// @param credit how many bytes may be read; the reader takes from it.
  output_reader(stream_owner& owner, host& where, stream_kind stream,
                std::uint64_t& credit);

  /// Takes `from`, if it is a handle.
  /// @returns whether the reactor takes it.
  bool open(unique_handle& from);

  /// Answers the console's queries, by typing into `in`.
  void answer_queries(input_writer& in);

  /// Delivers bytes that were read, as far as the credit goes, and reads more.
  /// To be called when there is more credit.
  void pump();

  /// Reads no more and closes the output.
  void close();

  /// Whether nothing more comes; true for an output that was never opened.
  bool ended() const noexcept;

private:
  enum class state {
    none,
    /// Nothing is under way: there is no credit.
    idle,
    /// A read is under way.
    waiting,
    ended
  };

  /// @returns whether all of the last read was delivered.
  bool deliver();
  void on_read(const boost::system::error_code& ec, std::size_t n);
  void take_queries(std::size_t n);

  stream_owner& owner_;
  host& host_;
  const stream_kind stream_;
  std::uint64_t& credit_;
  state state_ = state::none;
  watched_stream io_;
  chunk_tail tail_;
  /// The buffer of reads: small until one fills it.
  std::vector<std::byte> room_;
  /// The part of the last read that had no credit: [begin, end) of `room_`.
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  /// Null on pipes.
  input_writer* answers_ = nullptr;
  terminal_queries queries_;
};

} // namespace procession::windows
