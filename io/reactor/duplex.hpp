#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace procession {

/// A bidirectional stream of bytes, on one thread. At most one read and one
/// write may be pending; each calls its handler once, after the call has
/// returned.
class duplex {
public:
  /// Where to read to: the second room is used once the first is full.
  using rooms = std::array<std::span<std::byte>, 2>;
  using parts = std::span<const std::span<const std::byte>>;
  using handler = std::function<void(std::error_code, std::size_t)>;

  duplex() = default;
  duplex(const duplex&) = delete;
  duplex& operator=(const duplex&) = delete;
  /// Closes it; pending operations fail or are never answered.
  virtual ~duplex() = default;

  /// Reads some bytes. Success with 0 bytes means the end of the stream.
  virtual void read_some(rooms into, handler done) = 0;

  /// Writes everything; the memory must stay valid until the handler is called.
  virtual void write(parts from, handler done) = 0;

  /// Closes both directions; a reader on the other side gets the end of the
  /// stream.
  virtual void close() = 0;
};

/// A duplex of Asio streams, on the thread of their context. Both may be the
/// same object (a socket, a named pipe) or two (standard input and output).
template <class ReadStream, class WriteStream = ReadStream>
class asio_duplex : public duplex {
public:
  asio_duplex(std::shared_ptr<ReadStream> in, std::shared_ptr<WriteStream> out)
    : in_(std::move(in)), out_(std::move(out)) {
    // nop
  }

  ~asio_duplex() override {
    close();
  }

  void read_some(rooms into, handler done) override {
    using boost::asio::buffer;
    std::array<boost::asio::mutable_buffer, 2> to{
      buffer(into[0].data(), into[0].size()),
      buffer(into[1].data(), into[1].size())};
    // Keeps the stream until the answer: its owner may be destroyed before.
    in_->async_read_some(to, [done = std::move(done), keep = in_](
                               boost::system::error_code ec, std::size_t n) {
      // Windows reports the end of a pipe in this way only.
      if (ec == boost::asio::error::eof
          || ec == boost::asio::error::broken_pipe)
        done({}, 0);
      else
        done(ec, n);
    });
  }

  void write(parts from, handler done) override {
    to_write_.clear();
    for (auto& x : from)
      to_write_.emplace_back(x.data(), x.size());
    boost::asio::async_write(*out_, to_write_,
                             [done = std::move(done),
                              keep = out_](boost::system::error_code ec,
                                           std::size_t n) { done(ec, n); });
  }

  void close() override {
    boost::system::error_code ec;
    in_->close(ec);
    out_->close(ec);
  }

private:
  std::shared_ptr<ReadStream> in_;
  std::shared_ptr<WriteStream> out_;
  std::vector<boost::asio::const_buffer> to_write_;
};

} // namespace procession
