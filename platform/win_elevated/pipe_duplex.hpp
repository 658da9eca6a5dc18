#pragma once

#include "procession/io/reactor/duplex.hpp"

#include <boost/asio/windows/stream_handle.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace procession::windows {

/// A duplex of pipes: one for both directions, or two. Windows writes to a pipe
/// from one buffer at a time, so several parts are first joined: a copy costs
/// less than a call for every header.
class pipe_duplex : public asio_duplex<boost::asio::windows::stream_handle> {
public:
  using asio_duplex::asio_duplex;

  void write(parts from, handler done) override {
    std::size_t size = 0;
    for (auto& x : from)
      size += x.size();
    if (from.size() < 2 || size > most_gathered)
      return asio_duplex::write(from, std::move(done));
    gathered_->clear();
    for (auto& x : from)
      gathered_->insert(gathered_->end(), x.begin(), x.end());
    auto whole = std::span<const std::byte>{*gathered_};
    // Kept until the write completes, as the system reads from it.
    asio_duplex::write({&whole, 1},
                       [done = std::move(done), keep = gathered_](
                         std::error_code ec, std::size_t n) { done(ec, n); });
  }

private:
  /// A batch of data frames is smaller; one with a large command may not be.
  static constexpr std::size_t most_gathered = 512 * 1024;

  std::shared_ptr<std::vector<std::byte>> gathered_
    = std::make_shared<std::vector<std::byte>>();
};

} // namespace procession::windows
