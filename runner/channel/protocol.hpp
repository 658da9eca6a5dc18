#pragma once

#include "procession/messages/caf.hpp"
#include "procession/messages/command.hpp"
#include "procession/messages/error.hpp"
#include "procession/messages/events.hpp"
#include "procession/messages/expected.hpp"
#include "procession/messages/session.hpp"
#include "procession/runner/channel/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

/// The bodies of the control frames of the runner protocol (docs/protocol.md).
/// Output and input frames carry raw bytes; close_input, kill, finish, abandon,
/// notified, continued, ping and pong are empty.
namespace procession::protocol {

// Violations that a frame of any type may commit, worded for the sender.
inline constexpr const char* malformed = "cannot be decoded";
inline constexpr const char* untimely = "does not come at its time";

/// How many bytes of a session's input may be sent without credit.
inline constexpr std::uint64_t input_window = 256 * 1024;

/// The first frame of both sides; the runner sends its hello first.
struct hello {
  std::uint32_t version = protocol_version;
  /// One bit for each extension that the sender supports; none is defined yet.
  std::uint64_t capabilities = 0;
  /// The secret that the parent gave the runner at its start.
  std::string nonce;
  /// The process of the sender.
  std::int64_t pid = 0;
  /// The name of the sender's user, for people.
  std::string user;
};

/// The last frame of the side that ends the channel.
struct goodbye {
  failure why;
};

/// Starts a session. The number in its header becomes the session's.
struct spawn {
  command spec;
  /// Bytes of output that the runner may send at first.
  std::uint64_t credit = 0;
};

struct resize {
  std::uint64_t request = 0;
  terminal_size size;
};

struct signal {
  std::uint64_t request = 0;
  signal_name name = signal_name::interrupt;
};

struct terminate {
  signal_name by = signal_name::terminate;
};

/// The body of output_credit and input_credit frames.
struct credit {
  std::uint64_t bytes = 0;
};

struct spawned {
  std::int64_t pid = 0;
  containment_kind containment = containment_kind::unknown;
};

/// The body of spawn_failed and input_broken frames.
struct failed {
  failure why;
};

/// Answers a resize or signal frame.
struct answered {
  std::uint64_t request = 0;
  bool done = true;
  failure why;
};

struct input_refused {
  std::uint64_t bytes = 0;
  failure why;
};

struct stopped {
  std::int32_t signal = 0;
};

struct exited {
  exit_status status;
  bool drained = false;
};

struct closed {
  bool drained = false;
  leftovers rest = {};
};

/// Returns the body as it is sent.
template <class T>
std::string encode(const T& body);

/// Returns the body that was received; nothing if the bytes are not exactly one
/// body, or hold a value that no correct sender uses: an unknown enumerator, a
/// command that `validate` refuses, a credit of zero.
template <class T>
std::optional<T> decode(std::span<const std::byte> bytes);

/// Calls `f` with the decoded body of `x`.
/// @returns what is wrong with the frame: `malformed`, or what `f` returns, if
///          it returns anything; null if nothing is wrong.
template <class Body, class F>
const char* with_body(const frame& x, F&& f) {
  auto body = decode<Body>(x.body());
  if (!body)
    return malformed;
  if constexpr (std::is_void_v<std::invoke_result_t<F&, Body&>>) {
    f(*body);
    return nullptr;
  } else {
    return f(*body);
  }
}

/// Returns the hello in the first frame of the other side, or what is wrong
/// with it.
/// @param sender the other side, for the text of the failure.
expected<hello> read_hello(const frame& x, const std::string& sender);

/// Returns the failure that ends a channel after a frame that breaks a rule.
/// @param wrong the rule, as the end of a sentence.
failure breach(const frame_header& x, const std::string& sender,
               const char* wrong);

PROCESSION_INSPECT(hello, version, capabilities, nonce, pid, user);
PROCESSION_INSPECT(goodbye, why);
PROCESSION_INSPECT(spawn, spec, credit);
PROCESSION_INSPECT(resize, request, size);
PROCESSION_INSPECT(signal, request, name);
PROCESSION_INSPECT(terminate, by);
PROCESSION_INSPECT(credit, bytes);
PROCESSION_INSPECT(spawned, pid, containment);
PROCESSION_INSPECT(failed, why);
PROCESSION_INSPECT(answered, request, done, why);
PROCESSION_INSPECT(input_refused, bytes, why);
PROCESSION_INSPECT(stopped, signal);
PROCESSION_INSPECT(exited, status, drained);
PROCESSION_INSPECT(closed, drained, rest);

} // namespace procession::protocol
