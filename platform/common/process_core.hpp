#pragma once

#include "procession/messages/error.hpp"
#include "procession/platform/common/stream_owner.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace procession {

/// The half of a process that is the same on every platform: its events, its
/// streams, and its place among the live processes of `Host`. It lives until
/// nothing of the process is left, even if the session ends before. On the
/// reactor, unless stated otherwise.
template <class Process, class Host, class Reader, class Writer>
class process_core : public stream_owner,
                     public std::enable_shared_from_this<Process> {
public:
  process_core(const process_core&) = delete;
  process_core& operator=(const process_core&) = delete;

  // Functions of `child`.

  void grant(std::uint64_t bytes) {
    credit_ += bytes;
    out_.pump();
    err_.pump();
  }

  void write(shared_bytes bytes) {
    in_.write(std::move(bytes));
  }

  void close_stdin() {
    in_.finish();
  }

  /// Whether nothing of it is left and no call has an effect; from any thread.
  bool gone() const noexcept {
    return gone_;
  }

  /// Tells the sink that the process is over, although the system has not let
  /// go of it: the runtime ends.
  void give_up() {
    emit(child_finished{false, {0, 1}, true});
    forget_sink();
  }

protected:
  explicit process_core(Host& where)
    : host_(where), out_(*this, where, stream_kind::out, credit_),
      err_(*this, where, stream_kind::err, credit_), in_(*this, where.reactor) {
    // nop
  }

  /// Takes its place among the live processes. On the launcher, first.
  void enter(child_sink sink, std::uint64_t credit) {
    sink_ = std::move(sink);
    credit_ = credit;
    host_.live.insert(this->shared_from_this());
  }

  std::shared_ptr<stream_owner> keep() override {
    return this->shared_from_this();
  }

  void emit(child_event event) override {
    if (sink_)
      sink_(std::move(event));
  }

  void answer(std::uint64_t request,
              std::optional<failure> why = std::nullopt) {
    child_answered result{request, !why, {}};
    if (why)
      result.why = std::move(*why);
    emit(std::move(result));
  }

  void forget_sink() {
    sink_ = nullptr;
  }

  /// Emits the last event and leaves the live processes.
  void leave(child_event last) {
    auto self = this->shared_from_this();
    emit(std::move(last));
    forget_sink();
    host_.live.erase(self);
    gone_ = true;
  }

  bool drained() const noexcept {
    return out_.ended() && err_.ended();
  }

  static failure already_exited(const char* text) {
    return {errc::already_exited, {stage::run, 0, text}};
  }

  Host& host_;
  /// The bytes of output that may be read; the readers take from it.
  std::uint64_t credit_ = 0;
  /// Finish as soon as the process has exited (or cannot start).
  bool finish_on_exit_ = false;
  /// Whether all output had been read when it finished.
  bool drained_ = false;
  /// Whether its host ends.
  bool host_ends_ = false;
  bool terminal_ = false;
  /// On a terminal the only output.
  Reader out_;
  Reader err_;
  Writer in_;

private:
  std::atomic<bool> gone_ = false;
  child_sink sink_;
};

} // namespace procession
