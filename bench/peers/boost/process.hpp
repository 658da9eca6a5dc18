#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
// Boost.Process 1.81 uses these without including them.
#include <boost/none.hpp>
#include <boost/optional.hpp>
#include <boost/type_traits.hpp>

#include <boost/process/v2/process.hpp>
#include <boost/process/v2/stdio.hpp>

#include <memory>
#include <string>
#include <vector>

namespace procession::bench {

namespace asio = boost::asio;

using words = std::vector<std::string>;

/// How a child's standard streams are connected: with pipes, with the null
/// device for input, or with a pseudo-terminal.
enum class wiring { pipes, no_input, terminal };

/// A child on the loop of an `io_context`. It is killed and reaped at the end.
class process {
public:
  process(asio::io_context& context, wiring how, const words& command);
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  /// Returns 0 at the end of the output.
  asio::awaitable<std::size_t> read_some(std::vector<char>& to);

  asio::awaitable<void> read_all(char* to, std::size_t size);
  asio::awaitable<void> write(const char* from, std::size_t size);
  void close_input();

  /// Reads what is left of standard error and waits for the end.
  asio::awaitable<void> expect_success();

  /// Kills and reaps it.
  void kill();

private:
  // Pipes and the master of a terminal alike.
  using stream = asio::posix::stream_descriptor;

  stream in_;
  stream out_;
  stream err_;
  std::unique_ptr<boost::process::v2::process> process_;
};

} // namespace procession::bench
