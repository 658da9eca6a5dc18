#include "procession/platform/common/parent_port.hpp"

#include "procession/platform/common/reactor_executor.hpp"
#include "procession/platform/win_elevated/parent.hpp"
#include "procession/platform/win_elevated/pipe_duplex.hpp"
#include "procession/platform/win_elevated/user.hpp"
#include "procession/platform/windows/runtime_impl.hpp"
#include "procession/platform/windows/system.hpp"

#include <cstdint>
#include <utility>

namespace procession::windows {

namespace {

using stream = boost::asio::windows::stream_handle;

class windows_parent_port : public parent_port {
public:
  explicit windows_parent_port(impl_ref<runtime::impl> where)
    : where_(std::move(where)) {
    // nop
  }

  std::shared_ptr<executor> work() override {
    return std::make_shared<reactor_executor<runtime::impl>>(where_);
  }

  expected<std::shared_ptr<duplex>>
  open_channel(const channel_address& where) override {
    if (where.path.empty())
      return failure{errc::runner_failed,
                     {stage::connect, ERROR_NOT_SUPPORTED,
                      "on Windows the channel is a named pipe, not standard "
                      "input and output"}};
    auto opened = connect_to_parent(where.path, parent_);
    if (!opened)
      return std::move(opened.error());
    auto io = std::make_shared<stream>(where_.context());
    boost::system::error_code ec;
    io->assign(opened->get(), ec);
    if (ec)
      return last_failure(errc::runner_failed, stage::connect,
                          "the channel is not to be watched",
                          static_cast<DWORD>(ec.value()));
    opened->release();
    return std::make_shared<pipe_duplex>(io, io);
  }

  runner_identity take_identity() override {
    auto told = take_runner_secret().value_or(runner_secret{});
    parent_ = told.parent;
    return {static_cast<std::int64_t>(::GetCurrentProcessId()), own_user_name(),
            std::move(told.nonce)};
  }

private:
  impl_ref<runtime::impl> where_;
  /// The owner that the pipe must have; 0 if it is not known.
  std::uint32_t parent_ = 0;
};

} // namespace

} // namespace procession::windows

namespace procession {

std::shared_ptr<parent_port> make_parent_port(const runtime& owner) {
  return std::make_shared<windows::windows_parent_port>(
    impl_ref<runtime::impl>{owner.impl_});
}

} // namespace procession
