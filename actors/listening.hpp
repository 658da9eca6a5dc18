#pragma once

#include "procession/messages/session.hpp"

#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/message_handler.hpp>

#include <functional>

/// Sessions for event-based actors, in few lines. Nothing here is more than a
/// few of the messages in messages/session.hpp; send all others by yourself.
///
///     void ask(caf::event_based_actor* self, const procession::spawner& where)
///     {
///       self->become(procession::listening(self, {
///         .output = [](auto& x) { std::cout << x.bytes.text(); },
///         .closed = [=](auto&) { self->quit(); }}));
///       procession::open(
///         self, where, {.program = "bc", .stdio = procession::pty()},
///         [=](auto& bc) { procession::send_input(self, bc, "6 * 7\n"); });
///     }
namespace procession {

/// Functions for the events of the sessions to which an actor subscribes.
/// An event without a function is dropped.
struct listener {
  std::function<void(const procession::started&)> started = {};
  std::function<void(const procession::output&)> output = {};
  std::function<void(const procession::gap&)> gap = {};
  std::function<void(const procession::stopped&)> stopped = {};
  std::function<void(const procession::continued&)> continued = {};
  std::function<void(const procession::exited&)> exited = {};
  std::function<void(const procession::closed&)> closed = {};
};

/// Makes the handlers of all events of sessions for `self`. Output is
/// acknowledged when `listener::output` returns, so that a session is never
/// held back for longer than that takes; an actor that is done with output
/// later acknowledges it by itself (`ack_atom`) and does without this function.
/// @returns handlers to `become`, alone or joined with others by `or_else`.
caf::message_handler listening(caf::event_based_actor* self, listener events);

/// Starts a session and subscribes `self` to it, from its first event on.
/// Returns at once. `self` owns the session, unless the command says otherwise.
/// @param opened gets the session, before its first event.
/// @param failed gets the error of the start; empty: `self` quits with it.
void open(caf::event_based_actor* self, const spawner& where, command what,
          std::function<void(const session&)> opened,
          std::function<void(const caf::error&)> failed = {},
          subscription terms = {});

/// Sends input to a session. An error makes `self` quit with it, unless it is
/// that the process has ended or has closed its input: its events tell of that.
/// To learn when the input was taken, send `write_atom` instead.
void send_input(caf::event_based_actor* self, const session& to,
                shared_bytes bytes);

} // namespace procession
