#pragma once

#include "procession/io/reactor/duplex.hpp"
#include "procession/io/reactor/executor.hpp"
#include "procession/messages/expected.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace procession {

class runtime;

/// The identity of a runner, and the nonce that its parent passed in secret, if
/// it could.
struct runner_identity {
  std::int64_t pid = 0;
  std::string user;
  std::string nonce;
};

/// The runner's end of the channel.
struct channel_address {
  /// On Windows the path of a named pipe; elsewhere empty, as the channel is
  /// standard input and output.
  std::string path;
};

/// The runner's half of a platform's part for runners: the way to its parent.
class parent_port {
public:
  parent_port() = default;
  parent_port(const parent_port&) = delete;
  parent_port& operator=(const parent_port&) = delete;
  virtual ~parent_port() = default;

  /// The reactor.
  virtual std::shared_ptr<executor> work() = 0;

  /// Opens our end of the channel to a parent. If that is standard input and
  /// output, they become the null device. Blocks, so not on the reactor.
  virtual expected<std::shared_ptr<duplex>>
  open_channel(const channel_address& where) = 0;

  /// Returns the identity of this process. The nonce is not passed on to
  /// processes that we start, and is returned only once.
  virtual runner_identity take_identity() = 0;
};

/// Makes the port of this platform, on the reactor of `owner`, which it may
/// outlive.
std::shared_ptr<parent_port> make_parent_port(const runtime& owner);

} // namespace procession
