#pragma once

#include "procession/actors/common/actor_timer.hpp"
#include "procession/actors/exec/exec_keys.hpp"
#include "procession/messages/caf.hpp"
#include "procession/messages/exec_tool.hpp"

#include <caf/error.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace procession {

/// The interface of an exec tool, and the messages from its sessions and its
/// timer.
using exec_tool_impl
  = extended<exec_tool, caf::result<void>(started), caf::result<void>(output),
             caf::result<void>(gap), caf::result<void>(exited),
             caf::result<void>(closed), caf::result<void>(timer_fired)>;

/// The owner of input, which is told whether the input was taken.
class input_listener {
public:
  /// Returns the number of the request that waits for output now; 0 if there is
  /// none.
  virtual std::uint64_t waiting_request() const = 0;

  /// The process has taken more bytes of the input of a request.
  virtual void on_input_taken(std::uint64_t request, std::uint64_t bytes) = 0;

  /// Input of the waiting request was refused, and the rest of it dropped.
  virtual void on_input_failed(const caf::error& why) = 0;

protected:
  ~input_listener() = default;
};

/// Input that the process of a session has not taken yet. Each request's input
/// waits for that of earlier requests.
class pending_input : public std::enable_shared_from_this<pending_input> {
public:
  /// @param last_number counts requests and pieces of input; must outlive this
  /// @param owner must outlive this
  pending_input(exec_tool_impl::pointer self, std::uint64_t& last_number,
                input_listener& owner)
    : self_(self), last_number_(last_number), owner_(owner) {
    // nop
  }

  /// Returns `stdin_full` if `more` bytes are too many.
  caf::error check_room(std::uint64_t more) const;

  /// Returns the error of earlier input that no request was told, and clears
  /// it.
  caf::error take_refusal();

  /// Sends the input of a request after all input that waits. Signals at its
  /// beginning do not wait, as the process may never read earlier input.
  void send(session to, std::vector<input_step> steps, std::uint64_t request);

private:
  struct part {
    input_step step;
    std::uint64_t request = 0;
  };

  void send_next();
  void send_piece(std::uint64_t request, shared_bytes& from);
  template <class... Ts>
  void ask(std::uint64_t request, Ts... what);
  void on_taken(std::uint64_t piece, std::uint64_t request,
                std::uint64_t bytes);
  void on_refused(std::uint64_t piece, std::uint64_t request,
                  const caf::error& why);

  exec_tool_impl::pointer self_;
  std::uint64_t& last_number_;
  input_listener& owner_;
  session to_;
  std::deque<part> parts_;
  /// Bytes in the parts, and in the piece that the session has.
  std::uint64_t bytes_ = 0;
  /// The number of the piece that the session has; 0 if it has none.
  std::uint64_t piece_ = 0;
  caf::error refused_;
};

} // namespace procession
