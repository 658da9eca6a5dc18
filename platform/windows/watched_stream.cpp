#include "procession/platform/windows/watched_stream.hpp"

namespace procession::windows {

watched_stream watch(loop& reactor, unique_handle& from) {
  if (!from)
    return nullptr;
  auto made = std::make_shared<boost::asio::windows::stream_handle>(
    reactor.context());
  boost::system::error_code ec;
  made->assign(from.get(), ec);
  if (ec)
    return nullptr;
  from.release();
  return made;
}

void close(watched_stream& x) {
  boost::system::error_code ec;
  if (x != nullptr)
    x->close(ec);
  x.reset();
}

} // namespace procession::windows
