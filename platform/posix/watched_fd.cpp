#include "procession/platform/posix/watched_fd.hpp"

namespace procession::posix {

watched_fd watch(loop& reactor, unique_fd& fd) {
  if (!fd)
    return nullptr;
  auto made = std::make_shared<boost::asio::posix::stream_descriptor>(
    reactor.context());
  boost::system::error_code ec;
  made->assign(fd.get(), ec);
  if (ec)
    return nullptr;
  fd.release();
  // Asio would do this at the first wait, when other threads may use it
  // already.
  made->native_non_blocking(true, ec);
  return made;
}

void close(watched_fd& x) {
  boost::system::error_code ec;
  if (x != nullptr)
    x->close(ec);
  x.reset();
}

} // namespace procession::posix
