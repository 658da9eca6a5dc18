#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/platform/windows/handle.hpp"

#include <boost/asio/windows/stream_handle.hpp>

#include <memory>

namespace procession::windows {

/// Our end of a pipe, on the reactor.
using watched_stream = std::shared_ptr<boost::asio::windows::stream_handle>;

/// Gives `from`, if it is a handle, to the reactor.
/// @returns null, with `from` unchanged, if the reactor takes no more handles.
watched_stream watch(loop& reactor, unique_handle& from);

/// Closes the handle itself, which cancels its operations.
void close(watched_stream& x);

} // namespace procession::windows
