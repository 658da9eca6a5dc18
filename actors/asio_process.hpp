#pragma once

#include "procession/actors/asio_core.hpp"

#include <boost/asio/async_result.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace procession {

/// A process for programs that run on Boost.Asio instead of actors: an I/O
/// object, like a socket, with completion tokens (callbacks, `use_future`,
/// `use_awaitable`, ...). It owns the process: when it is destroyed, the whole
/// tree is killed in the background, and all waiting operations complete with
/// `operation_aborted`.
///
///     boost::asio::io_context context;
///     procession::asio_process sort{context.get_executor(), host.spawner()};
///     procession::command what{.program = "sort"};
///     co_await sort.async_start(what, use_awaitable);
///     co_await async_write(sort, buffer("b\na\n"), use_awaitable);
///     co_await sort.async_close_stdin(use_awaitable);
///     std::string text;
///     auto lines = dynamic_buffer(text);
///     co_await async_read_until(sort, lines, '\n', use_awaitable);
///     auto status = co_await sort.async_wait(use_awaitable);
///
/// It is an `AsyncReadStream` of the standard output (or of the terminal, or of
/// the merged outputs) and an `AsyncWriteStream` of the standard input, so that
/// Asio's own compositions work: `async_read_until` with a delimiter or a
/// regular expression, `async_write`. `error_stream` is the other output. Start
/// the other operations after `async_start` has completed: before that they
/// fail with `no_such_session`.
///
/// Backpressure: the session reads `command::limits.retained` bytes ahead at
/// most; after that, the child blocks until the program reads. As with pipes, a
/// child that writes to both outputs blocks on the one that is not read.
///
/// Errors are `boost::system::error_code`s of `error_category`; `last_failure`
/// has the stage and the OS code. Reads end with `boost::asio::error::eof`.
/// Every operation supports cancellation by slot, which loses no output.
///
/// Handlers run on their associated executor (by default that of this object),
/// never within the call that starts the operation. All functions may be called
/// from any thread, except for moving and destroying the object. It must be
/// destroyed before the actor system of its spawner.
class asio_process {
public:
  using executor_type = boost::asio::any_io_executor;

  /// The standard error of a process, as an `AsyncReadStream`. It refers to the
  /// `asio_process`, and must not be used after that was moved or destroyed.
  class error_reader {
  public:
    using executor_type = asio_process::executor_type;

    /// Returns the executor of the process.
    executor_type get_executor() const noexcept {
      return core_->executor();
    }

    /// Reads some bytes of the standard error; see
    /// `asio_process::async_read_some`.
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& to, Token&& token) {
      return core_read(core_, stream_kind::err, to, std::forward<Token>(token));
    }

  private:
    friend class asio_process;

    explicit error_reader(std::shared_ptr<detail::asio_core> core) noexcept
      : core_(std::move(core)) {
      // nop
    }

    std::shared_ptr<detail::asio_core> core_;
  };

  /// Creates an object without a process; see `async_start`.
  /// @param io the default executor of handlers
  /// @param where starts the session
  asio_process(const executor_type& io, const spawner& where)
    : core_(std::make_shared<detail::asio_core>(io, where)) {
    core_->attach();
  }

  asio_process(asio_process&& other) noexcept = default;

  /// Ends the process that this object owned before.
  asio_process& operator=(asio_process&& other) noexcept {
    asio_process before{std::move(*this)};
    core_ = std::move(other.core_);
    return *this;
  }

  /// Kills the tree in the background.
  ~asio_process() {
    if (core_ != nullptr)
      core_->close();
  }

  /// Returns the default executor of handlers.
  executor_type get_executor() const noexcept {
    return core_->executor();
  }

  /// Starts `what`. May be called at most once. Signature: `void(error_code)`,
  /// with every code of a failed start. In a coroutine, store the command in a
  /// variable first: g++ 12 may destroy temporaries of a `co_await` expression
  /// twice.
  template <class Token>
  auto async_start(const command& what, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code)>(
      [core = core_](auto handler, command spec) {
        core->start(std::move(handler), std::move(spec));
      },
      token, what);
  }

  /// Reads some bytes of the standard output, at least one. Only one read of
  /// each stream may wait at a time (`busy`). Signature:
  /// `void(error_code, std::size_t)`.
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& to, Token&& token) {
    return core_read(core_, stream_kind::out, to, std::forward<Token>(token));
  }

  /// Returns the standard error as a stream of its own.
  error_reader error_stream() const noexcept {
    return error_reader{core_};
  }

  /// Reads the next chunk of either output, in the order of arrival, without
  /// copying it. Signature: `void(error_code, output)`.
  template <class Token>
  auto async_read_chunk(Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, output)>(
      [core = core_](auto handler) { core->read_chunk(std::move(handler)); },
      token);
  }

  /// Writes some bytes to the standard input, 64 KiB at most; completes when
  /// the kernel has taken them. The bytes are copied when the operation starts.
  /// A cancelled write may still be delivered. Signature:
  /// `void(error_code, std::size_t)`.
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
      [core = core_](auto handler, const Buffers& bytes) {
        core->write_some(std::move(handler), bytes);
      },
      token, from);
  }

  /// Ends input after what was written; on a terminal, types the end of file.
  /// Signature: `void(error_code)`.
  template <class Token>
  auto async_close_stdin(Token&& token) {
    return ask<caf::unit_t>(std::forward<Token>(token), close_stdin_atom_v);
  }

  /// Waits until the process has ended. A process whose output is not read may
  /// block and never end. Signature: `void(error_code, exit_status)`.
  template <class Token>
  auto async_wait(Token&& token) {
    return ask<exit_status>(std::forward<Token>(token), wait_atom_v);
  }

  /// Asks every process of the tree to end and kills those that are left after
  /// the command's grace; completes when the process has ended. Signature:
  /// `void(error_code, exit_status)`.
  template <class Token>
  auto async_terminate(Token&& token) {
    return ask<exit_status>(std::forward<Token>(token), terminate_atom_v);
  }

  /// Sends a signal to the process group; on a terminal, `interrupt` and `quit`
  /// go to the foreground job. Signature: `void(error_code)`.
  template <class Token>
  auto async_signal(signal_name name, Token&& token) {
    return ask<caf::unit_t>(std::forward<Token>(token), signal_atom_v, name);
  }

  /// Resizes the terminal. Signature: `void(error_code)`.
  template <class Token>
  auto async_resize(terminal_size size, Token&& token) {
    return ask<caf::unit_t>(std::forward<Token>(token), resize_atom_v, size);
  }

  /// Gets the state of the session. Signature:
  /// `void(error_code, session_info)`.
  template <class Token>
  auto async_info(Token&& token) {
    return ask<session_info>(std::forward<Token>(token), info_atom_v);
  }

  /// Completes all waiting operations with `operation_aborted`. The process
  /// keeps running.
  void cancel() {
    core_->cancel();
  }

  /// Returns the process id; 0 before the process has started.
  std::int64_t pid() const {
    return core_->pid();
  }

  /// Returns the last error of `error_category` with all its details.
  failure last_failure() const {
    return core_->last_failure();
  }

private:
  using error_code = boost::system::error_code;

  template <class Buffers, class Token>
  static auto core_read(const std::shared_ptr<detail::asio_core>& core,
                        stream_kind stream, const Buffers& to, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
      [core, stream](auto handler, const Buffers& room) {
        core->read_some(std::move(handler), stream, room);
      },
      token, to);
  }

  template <class T>
  using signature = std::conditional_t<std::is_same_v<T, caf::unit_t>,
                                       void(error_code), void(error_code, T)>;

  template <class T, class Token, class... Ts>
  auto ask(Token&& token, Ts... xs) {
    return boost::asio::async_initiate<Token, signature<T>>(
      [core = core_](auto handler, auto... ys) {
        core->template ask<T>(std::move(handler), std::move(ys)...);
      },
      token, std::move(xs)...);
  }

  std::shared_ptr<detail::asio_core> core_;
};

} // namespace procession
