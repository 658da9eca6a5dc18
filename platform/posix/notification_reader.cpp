#include "procession/platform/posix/notification_reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace procession::posix {

notification_reader::notification_reader(stream_owner& owner, loop& reactor)
  : owner_(owner), reactor_(reactor) {
  // nop
}

bool notification_reader::open(unique_fd& fd) {
  io_ = watch(reactor_, fd);
  return !fd;
}

void notification_reader::await() {
  // A copy: the reactor may close it before this call returns.
  auto io = io_;
  if (io == nullptr)
    return;
  io->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                 [this,
                  owner = owner_.keep()](const boost::system::error_code& ec) {
                   if (!ec && read())
                     await();
                 });
}

bool notification_reader::read() {
  if (io_ == nullptr)
    return false;
  // Only the end of the line counts; any text may come before it.
  std::array<char, 4096> text;
  auto n = ::read(io_->native_handle(), text.data(), text.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return true;
  auto end = text.begin() + std::max<ssize_t>(n, 0);
  auto told = std::find(text.begin(), end, '\n') != end;
  if (n > 0 && !told)
    return true;
  close();
  if (told)
    owner_.emit(child_notified{});
  return false;
}

void notification_reader::finish() {
  // It may have been faster than the reactor. A pipe holds 64 KiB (pipe(7)).
  for (auto i = 0; i < 16 && read(); ++i)
    continue;
  close();
}

void notification_reader::close() {
  posix::close(io_);
}

} // namespace procession::posix
