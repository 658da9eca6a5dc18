#pragma once

#include "procession/messages/readiness.hpp"
#include "procession/platform/child.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace procession {

class loop;
class parent_port;
class runner_port;

/// The listener on a TCP port that makes a session ready.
enum class port_owner {
  /// A process of the session, on this machine. Other listeners do not count.
  session,
  /// Any process: for a session in a runner, and for a server that a program
  /// starts outside of its session (`docker run -p`).
  anybody,
};

/// Choices for a runtime; the defaults suit every program.
struct runtime_options {
  /// How descendants are contained. `unknown` takes the best containment: a
  /// cgroup where a writable cgroup v2 hierarchy is mounted, else the marker.
  containment_kind containment = containment_kind::unknown;
};

/// The part of the operating system that the sessions of a program share: the
/// reactor thread, the launcher thread, the containment and the keeper process,
/// which ends the sessions' trees if this program dies.
///
/// Create one in `main`, before the `caf::actor_system`, and destroy it after
/// that. Its destructor kills and reaps all processes that still run, then
/// joins its threads; it blocks for as long as the kernel needs for that, 5 s
/// at most.
class runtime {
public:
  /// @throws std::system_error if threads, descriptors or the keeper are not
  ///         available.
  explicit runtime(runtime_options options = {});
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  ~runtime();

  /// Makes children on this machine; stays valid when the runtime is gone, but
  /// then fails every start with `runtime_stopped`.
  std::shared_ptr<child_factory> local() const;

  /// Checks whether a session accepts connections to a TCP port, as seen from
  /// this program. For `ready_probe`. It never blocks a thread, and gives up on
  /// a connection after a second.
  ///
  /// A process of the session must hold the socket that listens there. On
  /// Linux, /proc tells. If we may not read the descriptors of a process
  /// (another user's, or one with capabilities of its own), it counts as the
  /// holder if the socket belongs to its user. On Windows the holder is the
  /// process that created the socket. A session of another runtime, hence one
  /// in a runner, is never ready by this probe unless `owner` is `anybody`.
  /// @param address IPv4 or IPv6, as a numeric address.
  probe port_probe(std::uint16_t port, std::string address = "127.0.0.1",
                   port_owner owner = port_owner::session) const;

  /// The mechanism that holds descendants.
  containment_kind containment() const;

  class impl;

private:
  friend std::shared_ptr<parent_port> make_parent_port(const runtime& owner);
  friend std::shared_ptr<runner_port> make_runner_port(const runtime& owner);
  friend std::shared_ptr<loop> reactor_of(const runtime& owner);

  std::shared_ptr<impl> impl_;
};

/// Returns the reactor, for a scheduler that does its work; null if it does its
/// work only on its own thread.
std::shared_ptr<loop> reactor_of(const runtime& owner);

} // namespace procession
