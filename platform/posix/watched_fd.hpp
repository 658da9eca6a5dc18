#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/platform/posix/fd.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>

namespace procession::posix {

/// A descriptor that the reactor watches.
using watched_fd = std::shared_ptr<boost::asio::posix::stream_descriptor>;

/// Gives `fd`, if it is one, to the reactor.
/// @returns null, with `fd` unchanged, if the reactor takes no more
/// descriptors.
watched_fd watch(loop& reactor, unique_fd& fd);

/// Closes the descriptor itself, not only this reference to it: the launcher
/// may hold another for a moment, and a program that learns that nothing is
/// left may count the descriptors.
void close(watched_fd& x);

} // namespace procession::posix
