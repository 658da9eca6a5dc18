#pragma once

#include "procession/messages/session.hpp"

#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/message_handler.hpp>

#include <functional>

/// Shortcuts for event-based actors that use sessions. These functions only
/// wrap a few of the messages in messages/session.hpp; send all others
/// directly.
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

/// Functions for the events of the sessions that an actor subscribes to. Events
/// whose function is empty are dropped.
struct listener {
  std::function<void(const procession::started&)> started = {};
  std::function<void(const procession::output&)> output = {};
  std::function<void(const procession::gap&)> gap = {};
  std::function<void(const procession::stopped&)> stopped = {};
  std::function<void(const procession::continued&)> continued = {};
  std::function<void(const procession::exited&)> exited = {};
  std::function<void(const procession::closed&)> closed = {};
};

/// Creates the handlers for all events of sessions that `self` receives. Output
/// is acknowledged when `listener::output` returns, so a session is held back
/// no longer than that call takes. An actor that needs output beyond that call
/// must not use this function, but acknowledge output itself (`ack_atom`).
/// @returns handlers for `become`, alone or combined with others by `or_else`.
caf::message_handler listening(caf::event_based_actor* self, listener events);

/// Starts a session and subscribes `self` to it, from its first event on.
/// Returns at once. `self` owns the session, unless the command says otherwise.
/// @param opened is called with the session, before its first event.
/// @param failed is called with the error of a failed start; if it is empty,
///               `self` quits with the error.
void open(caf::event_based_actor* self, const spawner& where, command what,
          std::function<void(const session&)> opened,
          std::function<void(const caf::error&)> failed = {},
          subscription terms = {});

/// Sends input to a session. If this fails, `self` quits with the error, unless
/// the process has ended or has closed its input, which its events report. To
/// learn when the input was taken, send `write_atom` instead.
void send_input(caf::event_based_actor* self, const session& to,
                shared_bytes bytes);

} // namespace procession
