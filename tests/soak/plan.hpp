#pragma once

#include "child/orders.hpp"

#include "procession/messages/session.hpp"

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace procession::soak {

using std::chrono::milliseconds;

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;

/// A source of chance that gives the same with every C++ library.
class dice {
public:
  explicit dice(std::uint32_t seed) : engine_(seed) {
    // nop
  }

  std::uint32_t seed() {
    return static_cast<std::uint32_t>(engine_());
  }

  /// From 0 to n - 1.
  std::uint64_t below(std::uint64_t n);

  /// From `first` to `last`.
  std::uint64_t between(std::uint64_t first, std::uint64_t last) {
    return first + below(last - first + 1);
  }

  /// True once in so many times.
  bool one_in(std::uint64_t n) {
    return below(n) == 0;
  }

  /// Below `n`; each order of magnitude is as likely.
  std::uint64_t any_size(std::uint64_t n);

  milliseconds any_time(std::uint64_t longest) {
    return milliseconds{below(longest + 1)};
  }

private:
  std::mt19937 engine_;
};

/// How a subscriber is to behave.
struct watcher_plan {
  enum class leaving : std::uint8_t { never, unsubscribes, dies };

  /// Since the start of the session; 0: at the start.
  milliseconds after{0};
  /// Begins at a random offset that is there by then.
  bool late = false;
  subscription terms;
  /// The longest time to an acknowledgement.
  milliseconds slowness{0};
  leaving leaves = leaving::never;
  /// How many bytes it has before it leaves.
  std::uint64_t patience = 0;
  std::uint32_t seed = 0;
};

/// One request to a session, or what else may befall it.
struct step {
  enum class kind : std::uint8_t {
    info,
    wait,
    find,
    read,
    resize,
    /// A write that is larger than what may wait.
    oversize,
    stop_for_a_while,
    resume,
    // From here on the session may end before its time.
    signal,
    terminate,
    kill,
    owner_dies,
  };

  milliseconds after{0};
  kind what = kind::info;
  signal_name name = signal_name::terminate;
  milliseconds grace{0};
};

/// Everything that one session will be put through.
struct plan {
  std::uint64_t number = 0;
  std::uint32_t seed = 0;
  command spec;
  orders told;
  std::vector<watcher_plan> watchers;
  std::vector<step> steps;
  /// It is ended by its time-out.
  bool times_out = false;

  /// Bytes that the program writes to a stream if nothing disturbs it.
  std::uint64_t total(stream_kind stream) const noexcept;

  /// Whether descendants keep the output open beyond the end of the program, so
  /// that it may be given up at the drain deadline.
  bool output_is_held() const noexcept {
    return told.tree_holds && !told.tree.empty();
  }

  bool on_terminal() const noexcept {
    return spec.stdio.kind == stdio_kind::pty;
  }
};

/// What all plans of a soak have in common.
struct plan_terms {
  /// Path of the program of the sessions.
  std::string program;
  /// Where it reports its processes.
  std::string report;
};

/// Plans a session with everything that may happen to one.
plan make_plan(std::uint64_t number, std::uint32_t seed,
               const plan_terms& terms);

/// Plans the run of a program on a terminal that writes and ends at once.
plan make_terminal_plan(std::uint64_t number, std::uint32_t seed,
                        const plan_terms& terms);

std::string to_string(const plan& x);

} // namespace procession::soak
