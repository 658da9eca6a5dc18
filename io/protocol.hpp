#pragma once

#include "procession/io/frame.hpp"
#include "procession/messages/command.hpp"
#include "procession/messages/error.hpp"
#include "procession/messages/events.hpp"
#include "procession/messages/session.hpp"

#include <caf/meta/type_name.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

/// The bodies of the runner protocol's control frames, see docs/protocol.md.
/// Output and input frames carry raw bytes; close_input, kill, finish, abandon,
/// notified, continued, ping and pong carry nothing.
namespace procession::protocol {

// What can be wrong with a frame of any type, for who sent it to read.
inline constexpr auto malformed = "cannot be decoded";
inline constexpr auto untimely = "does not come at its time";

/// The first frame of both sides, the runner's first.
struct hello {
  std::uint32_t version = protocol_version;
  /// One bit for each extension that the sender understands; none so far.
  std::uint64_t capabilities = 0;
  /// What the parent gave the runner at its start.
  std::string nonce;
  /// The process that speaks.
  std::int64_t pid = 0;
  /// Who that is, for people: the name of its user.
  std::string user;
};

/// The last frame of whoever ends the channel.
struct goodbye {
  failure why;
};

/// Starts a session under the number of its frame.
struct spawn {
  command spec;
  /// Bytes of output that may be sent at first.
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

/// Of output_credit and input_credit frames.
struct credit {
  std::uint64_t bytes = 0;
};

struct spawned {
  std::int64_t pid = 0;
  containment_kind containment = containment_kind::unknown;
};

/// Of spawn_failed and input_broken frames.
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

/// The body as it is sent.
template <class T>
std::string encode(const T& body);

/// The body that was received; none if it is not exactly one, or says what no
/// honest sender would: no such enumerator, a command that `validate` refuses,
/// a credit of nothing.
template <class T>
std::optional<T> decode(std::span<const std::byte> bytes);

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, hello& x) {
  return f(caf::meta::type_name("hello"), x.version, x.capabilities, x.nonce,
           x.pid, x.user);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, goodbye& x) {
  return f(caf::meta::type_name("goodbye"), x.why);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, spawn& x) {
  return f(caf::meta::type_name("spawn"), x.spec, x.credit);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, resize& x) {
  return f(caf::meta::type_name("resize"), x.request, x.size);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, signal& x) {
  return f(caf::meta::type_name("signal"), x.request, x.name);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, terminate& x) {
  return f(caf::meta::type_name("terminate"), x.by);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, credit& x) {
  return f(caf::meta::type_name("credit"), x.bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, spawned& x) {
  return f(caf::meta::type_name("spawned"), x.pid, x.containment);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, failed& x) {
  return f(caf::meta::type_name("failed"), x.why);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, answered& x) {
  return f(caf::meta::type_name("answered"), x.request, x.done, x.why);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, input_refused& x) {
  return f(caf::meta::type_name("input_refused"), x.bytes, x.why);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stopped& x) {
  return f(caf::meta::type_name("stopped"), x.signal);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, exited& x) {
  return f(caf::meta::type_name("exited"), x.status, x.drained);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, closed& x) {
  return f(caf::meta::type_name("closed"), x.drained, x.rest);
}

} // namespace procession::protocol
