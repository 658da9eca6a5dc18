#pragma once

#include "procession/actors/asio_error.hpp"
#include "procession/actors/asio_op.hpp"
#include "procession/actors/session_port.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

/// The inner half of asio_process.hpp; internal. All code that uses Asio is in
/// headers, so that it is compiled with the program's own Asio, of any version.
namespace procession::detail {

class asio_core;

/// The processes of one execution context. When the context is destroyed, the
/// handlers that wait in them are destroyed, too.
class asio_cores : public boost::asio::execution_context::service {
public:
  static inline boost::asio::execution_context::id id;

  explicit asio_cores(boost::asio::execution_context& where) : service(where) {
    // nop
  }

  void add(const std::shared_ptr<asio_core>& x) {
    std::lock_guard guard{mutex_};
    cores_.emplace(x.get(), x);
  }

  void remove(asio_core* x) {
    std::lock_guard guard{mutex_};
    cores_.erase(x);
  }

  void shutdown() override;

private:
  std::mutex mutex_;
  std::unordered_map<asio_core*, std::weak_ptr<asio_core>> cores_;
};

/// State shared by a process and its operations. All functions may be called
/// from any thread.
class asio_core : public std::enable_shared_from_this<asio_core> {
public:
  /// Bytes of an unread stream that may be buffered here while the other stream
  /// is read.
  static constexpr std::uint64_t pending_limit = 64 * 1024;

  asio_core(const boost::asio::any_io_executor& io, const spawner& where)
    : io_(io), port_(std::make_unique<session_port>(where)),
      cores_(&boost::asio::use_service<asio_cores>(
        boost::asio::query(io, boost::asio::execution::context))) {
    // nop
  }

  /// Registers this with its execution context. Must be called as soon as a
  /// `shared_ptr` owns this.
  void attach() {
    cores_->add(shared_from_this());
  }

  const boost::asio::any_io_executor& executor() const noexcept {
    return io_;
  }

  failure last_failure() const {
    std::lock_guard guard{mutex_};
    return failure_;
  }

  std::int64_t pid() const {
    std::lock_guard guard{mutex_};
    return pid_;
  }

  template <class Handler>
  void start(Handler handler, command what) {
    begin<caf::unit_t>(std::move(handler), [&](std::uint64_t id) {
      write_limit_ = std::min(write_limit_, what.limits.stdin_queue);
      port_->start(std::move(what),
                   completing<caf::unit_t, session_info>(
                     id, [](asio_core& self, const session_info& x) {
                       self.pid_ = x.pid;
                       return caf::unit;
                     }));
    });
  }

  /// Sends a request to the session.
  template <class T, class Handler, class... Ts>
  void ask(Handler handler, Ts... xs) {
    begin<T>(std::move(handler), [&](std::uint64_t id) {
      port_->template ask<T>(
        completing<T, T>(id, [](asio_core&, T& x) { return std::move(x); }),
        std::move(xs)...);
    });
  }

  template <class Handler, class Buffers>
  void write_some(Handler handler, const Buffers& from) {
    std::string bytes(
      std::min<std::size_t>(boost::asio::buffer_size(from), max_fetch), '\0');
    boost::asio::buffer_copy(boost::asio::buffer(bytes), from);
    begin<std::size_t>(std::move(handler), [&](std::uint64_t id) {
      bytes.resize(std::min<std::size_t>(bytes.size(), write_limit_));
      if (bytes.empty())
        return finish<std::size_t>(id, {}, 0);
      auto done = [](asio_core&, std::uint64_t n) {
        return static_cast<std::size_t>(n);
      };
      port_->ask<std::uint64_t>(completing<std::size_t, std::uint64_t>(id,
                                                                       done),
                                write_atom_v, shared_bytes{std::move(bytes)});
    });
  }

  /// Reads some bytes of one stream.
  template <class Handler, class Buffers>
  void read_some(Handler handler, stream_kind stream, const Buffers& to) {
    std::vector<boost::asio::mutable_buffer> room(
      boost::asio::buffer_sequence_begin(to),
      boost::asio::buffer_sequence_end(to));
    auto wanted = boost::asio::buffer_size(to);
    begin<std::size_t>(std::move(handler), [&](std::uint64_t id) {
      auto& waiting = readers_[static_cast<std::size_t>(stream)];
      if (wanted == 0)
        return finish<std::size_t>(id, {}, 0);
      if (waiting)
        return finish<std::size_t>(id, busy(), 0);
      waiting = stream_reader{id, wanted, std::move(room)};
      serve();
    });
  }

  /// Reads a chunk of either stream, in the order of arrival.
  template <class Handler>
  void read_chunk(Handler handler) {
    begin<output>(std::move(handler), [&](std::uint64_t id) {
      if (chunk_reader_ != 0)
        return finish<output>(id, busy(), {});
      chunk_reader_ = id;
      serve();
    });
  }

  /// Completes one operation with `operation_aborted`. The session's answer to
  /// it is dropped, except for output, which stays here for the next read.
  void cancel(std::uint64_t id) {
    std::unique_ptr<asio_op_base> op;
    std::lock_guard guard{mutex_};
    if (auto i = ops_.find(id); i != ops_.end()) {
      op = std::move(i->second);
      ops_.erase(i);
      for (auto& x : readers_)
        if (x && x->id == id)
          x.reset();
      if (chunk_reader_ == id)
        chunk_reader_ = 0;
      op->abort();
    }
  }

  /// Completes all operations with `operation_aborted`.
  void cancel() {
    std::lock_guard guard{mutex_};
    for (auto& [id, op] : std::exchange(ops_, {}))
      op->abort();
    readers_ = {};
    chunk_reader_ = 0;
  }

  /// Ends the process's tree and aborts all waiting operations.
  void close() {
    cancel();
    std::unique_ptr<session_port> port;
    std::lock_guard guard{mutex_};
    port = std::move(port_);
    if (auto* cores = std::exchange(cores_, nullptr))
      cores->remove(this);
  }

  /// Drops all waiting operations without completing them, as the execution
  /// context is being destroyed.
  void drop() {
    decltype(ops_) ops;
    std::unique_ptr<session_port> port;
    std::lock_guard guard{mutex_};
    ops.swap(ops_);
    port = std::move(port_);
    cores_ = nullptr;
  }

private:
  /// A waiting read of one stream.
  struct stream_reader {
    std::uint64_t id = 0;
    std::uint64_t wanted = 0;
    std::vector<boost::asio::mutable_buffer> room;
  };

  /// Adds an operation and calls `f` with its number; aborts the operation if
  /// this is closed.
  template <class T, class Handler, class F>
  void begin(Handler handler, F f) {
    std::lock_guard guard{mutex_};
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    auto op = std::make_unique<asio_op_for<T, Handler>>(std::move(handler),
                                                        io_);
    if (port_ == nullptr)
      return op->abort();
    auto id = ++last_id_;
    ops_.emplace(id, std::move(op));
    if (slot.is_connected())
      slot.assign(
        [weak = weak_from_this(), id](boost::asio::cancellation_type type) {
          auto self = weak.lock();
          if (self != nullptr && type != boost::asio::cancellation_type::none)
            self->cancel(id);
        });
    f(id);
  }

  /// Completes the operation, unless it was cancelled.
  template <class T>
  void finish(std::uint64_t id, boost::system::error_code ec, T x) {
    auto i = ops_.find(id);
    if (i == ops_.end())
      return;
    auto op = std::move(i->second);
    ops_.erase(i);
    static_cast<asio_op<T>&>(*op).complete(ec, std::move(x));
  }

  /// Returns a callback that completes the operation with the answer, passed
  /// through `convert`, or with its error.
  template <class T, class Answer, class F>
  session_port::callback<Answer> completing(std::uint64_t id, F convert) {
    return [weak = weak_from_this(), id, convert](expected<Answer> x) {
      auto self = weak.lock();
      if (self == nullptr)
        return;
      std::lock_guard guard{self->mutex_};
      if (x)
        self->template finish<T>(id, {}, convert(*self, *x));
      else
        self->template finish<T>(id, self->note(x.error()), T{});
    };
  }

  boost::system::error_code note(const failure& x) {
    failure_ = x;
    return make_error_code(x.code);
  }

  boost::system::error_code busy() {
    return note({errc::busy,
                 {stage::run, 0, "another read of that stream waits already"}});
  }

  /// Completes every read that it can, and fetches output for the others, no
  /// more than they ask for.
  void serve() {
    if (chunk_reader_ != 0 && !pending_.empty()) {
      auto x = std::move(pending_.front());
      pending_.pop_front();
      finish<output>(std::exchange(chunk_reader_, 0), {}, std::move(x));
    }
    for (auto stream : {stream_kind::out, stream_kind::err})
      if (auto& x = readers_[static_cast<std::size_t>(stream)])
        if (auto n = fill(x->room, stream); n > 0)
          finish<std::size_t>(std::exchange(x, {})->id, {}, n);
    if (ended_)
      return end_reads(*ended_);
    std::uint64_t wanted = chunk_reader_ != 0 ? max_fetch : 0;
    for (auto& x : readers_)
      if (x)
        wanted = std::max(wanted, x->wanted);
    std::uint64_t pending = 0;
    for (auto& x : pending_)
      pending += x.bytes.size();
    if (wanted == 0 || pending >= pending_limit || fetching_)
      return;
    fetching_ = true;
    port_->ask<page>(
      [weak = weak_from_this()](expected<page> x) {
        if (auto self = weak.lock())
          self->fetched(std::move(x));
      },
      read_atom_v, at_, std::min(wanted, max_fetch),
      caf::timespan{max_timespan});
  }

  void fetched(expected<page> x) {
    std::lock_guard guard{mutex_};
    fetching_ = false;
    if (!x) {
      auto ec = note(x.error());
      // The process has not started yet, so later reads may still succeed.
      if (pid_ == 0)
        return end_reads(ec);
      ended_ = ec;
    } else {
      at_ = x->next;
      if (x->outputs.empty() && x->state == session_state::closed)
        ended_ = boost::asio::error::eof;
      std::move(x->outputs.begin(), x->outputs.end(),
                std::back_inserter(pending_));
    }
    if (port_ != nullptr)
      serve();
  }

  /// Moves buffered bytes of a stream into `room`. @returns how many.
  std::size_t fill(const std::vector<boost::asio::mutable_buffer>& room,
                   stream_kind stream) {
    std::size_t result = 0;
    auto x = pending_.begin();
    for (auto to : room) {
      while (to.size() > 0) {
        x = std::find_if(x, pending_.end(),
                         [=](auto& y) { return y.stream == stream; });
        if (x == pending_.end())
          return result;
        auto n = boost::asio::buffer_copy(
          to, boost::asio::buffer(x->bytes.data(), x->bytes.size()));
        to += n;
        result += n;
        x->offset += n;
        x->bytes = x->bytes.from(n);
        if (x->bytes.empty())
          x = pending_.erase(x);
      }
    }
    return result;
  }

  void end_reads(boost::system::error_code ec) {
    for (auto& x : readers_)
      if (x)
        finish<std::size_t>(std::exchange(x, {})->id, ec, 0);
    if (chunk_reader_ != 0 && pending_.empty())
      finish<output>(std::exchange(chunk_reader_, 0), ec, {});
  }

  static constexpr std::uint64_t max_fetch = 64 * 1024;

  boost::asio::any_io_executor io_;
  mutable std::mutex mutex_;
  /// Null once it is closed.
  std::unique_ptr<session_port> port_;
  /// Null once it is closed.
  asio_cores* cores_;
  std::unordered_map<std::uint64_t, std::unique_ptr<asio_op_base>> ops_;
  std::uint64_t last_id_ = 0;
  failure failure_;
  std::int64_t pid_ = 0;
  std::uint64_t write_limit_ = max_fetch;
  /// Output that was fetched but not read yet.
  std::deque<output> pending_;
  std::array<std::optional<stream_reader>, 2> readers_;
  std::uint64_t chunk_reader_ = 0;
  cursor at_;
  bool fetching_ = false;
  /// Why reading ended; empty before that.
  std::optional<boost::system::error_code> ended_;
};

inline void asio_cores::shutdown() {
  std::unique_lock guard{mutex_};
  auto cores = std::exchange(cores_, {});
  guard.unlock();
  for (auto& weak : cores)
    if (auto core = weak.second.lock())
      core->drop();
}

} // namespace procession::detail
