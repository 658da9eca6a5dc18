#include "procession/platform/win_elevated/runner_listener.hpp"

#include "procession/platform/win_elevated/rules/pipe_security.hpp"
#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/win_elevated/user.hpp"
#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/pipes.hpp"
#include "procession/platform/windows/system.hpp"

#include <boost/asio/windows/overlapped_ptr.hpp>

#include <utility>

namespace procession::windows {

namespace {

failure listen_failure(DWORD os_code = ::GetLastError()) {
  return last_failure(errc::runner_failed, stage::connect,
                      "no pipe for the runner was made", os_code);
}

} // namespace

/// Outlives the listener while the system may still complete its operations.
struct runner_listener::waiting : std::enable_shared_from_this<waiting> {
  explicit waiting(boost::asio::io_context& x)
    : where(x), pipe(std::make_shared<stream>(x)) {
    // nop
  }

  void step() {
    boost::asio::windows::overlapped_ptr connected{
      where, [self = shared_from_this()](boost::system::error_code ec,
                                         std::size_t) { self->on_client(ec); }};
    if (::ConnectNamedPipe(pipe->native_handle(), connected.get())) {
      connected.release();
      return;
    }
    auto os_code = static_cast<int>(::GetLastError());
    // A client that is already connected queues no completion.
    if (os_code != ERROR_IO_PENDING)
      connected.complete({os_code, boost::system::system_category()}, 0);
    else
      connected.release();
  }

  void on_client(boost::system::error_code ec) {
    if (done == nullptr)
      return;
    // ERROR_NO_DATA: a client that came before us has gone again.
    if (ec && ec.value() != ERROR_PIPE_CONNECTED && ec.value() != ERROR_NO_DATA)
      return std::exchange(done, nullptr)(
        last_failure(errc::runner_failed, stage::connect,
                     "the runner's pipe is not to be listened on",
                     static_cast<DWORD>(ec.value())));
    ULONG client = 0;
    if (!::GetNamedPipeClientProcessId(pipe->native_handle(), &client)
        || client != pid) {
      ::DisconnectNamedPipe(pipe->native_handle());
      return step();
    }
    std::exchange(done, nullptr)(std::exchange(pipe, nullptr));
  }

  void cancel() {
    done = nullptr;
    boost::system::error_code ignored;
    if (pipe != nullptr)
      pipe->close(ignored);
  }

  boost::asio::io_context& where;
  std::shared_ptr<stream> pipe;
  DWORD pid = 0;
  std::function<void(expected<std::shared_ptr<stream>>)> done;
};

runner_listener::runner_listener(std::string name,
                                 std::shared_ptr<waiting> state)
  : name_(std::move(name)), state_(std::move(state)) {
  // nop
}

runner_listener::~runner_listener() {
  state_->cancel();
}

expected<std::unique_ptr<runner_listener>>
runner_listener::open(boost::asio::io_context& where,
                      const std::string& runner) {
  auto own = own_user_sid();
  if (!own)
    return std::move(own.error());
  auto security = make_descriptor(pipe_security(*own, runner));
  if (security == nullptr)
    return listen_failure();
  auto random = random_name(16);
  if (random.empty())
    return listen_failure(ERROR_GEN_FAILURE);
  auto name = std::string{local_pipes} + "procession-runner-" + random;
  SECURITY_ATTRIBUTES attributes{sizeof(attributes), security.get(), FALSE};
  unique_handle made{::CreateNamedPipeW(
    to_wide_path(name).c_str(),
    PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
    PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT
      | PIPE_REJECT_REMOTE_CLIENTS,
    1, pipe_size, pipe_size, 0, &attributes)};
  if (!made)
    return listen_failure();
  auto state = std::make_shared<waiting>(where);
  boost::system::error_code ec;
  state->pipe->assign(made.get(), ec);
  if (ec)
    return listen_failure(static_cast<DWORD>(ec.value()));
  made.release();
  return std::unique_ptr<runner_listener>{
    new runner_listener{std::move(name), std::move(state)}};
}

void runner_listener::await(
  DWORD pid, std::function<void(expected<std::shared_ptr<stream>>)> done) {
  state_->pid = pid;
  state_->done = std::move(done);
  state_->step();
}

} // namespace procession::windows
