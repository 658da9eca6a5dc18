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

/// A random generator with the same results in every C++ library.
class dice {
public:
  explicit dice(std::uint32_t seed) : engine_(seed) {
    // nop
  }

  std::uint32_t seed() {
    return static_cast<std::uint32_t>(engine_());
  }

  /// Returns a number from 0 to n - 1.
  std::uint64_t below(std::uint64_t n);

  /// Returns a number from `first` to `last`.
  std::uint64_t between(std::uint64_t first, std::uint64_t last) {
    return first + below(last - first + 1);
  }

  /// Returns true once in `n` times.
  bool one_in(std::uint64_t n) {
    return below(n) == 0;
  }

  /// Returns a number below `n`; each order of magnitude is equally likely.
  std::uint64_t any_size(std::uint64_t n);

  milliseconds any_time(std::uint64_t longest) {
    return milliseconds{below(longest + 1)};
  }

private:
  std::mt19937 engine_;
};

/// The behaviour of a subscriber.
struct watcher_plan {
  enum class leaving : std::uint8_t { never, unsubscribes, dies };

  /// When it subscribes, counted from the start of the session; 0 means at the
  /// start.
  milliseconds after{0};
  /// Begins at a random offset that exists by then.
  bool late = false;
  subscription terms;
  /// The longest delay of an acknowledgement.
  milliseconds slowness{0};
  leaving leaves = leaving::never;
  /// The number of bytes that it takes before it leaves.
  std::uint64_t patience = 0;
  std::uint32_t seed = 0;
};

/// One request to a session, or another event in its life.
struct step {
  enum class kind : std::uint8_t {
    info,
    wait,
    find,
    read,
    resize,
    /// A write larger than the queue.
    oversize,
    stop_for_a_while,
    resume,
    // The steps from here on may end the session early.
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

/// Everything that happens to one session.
struct plan {
  std::uint64_t number = 0;
  std::uint32_t seed = 0;
  command spec;
  orders told;
  std::vector<watcher_plan> watchers;
  std::vector<step> steps;
  /// Its time-out ends it.
  bool times_out = false;

  /// Returns the bytes that the program writes to a stream if it is not
  /// disturbed.
  std::uint64_t total(stream_kind stream) const noexcept;

  /// Returns whether descendants keep the output open beyond the end of the
  /// program, so that the drain deadline may cut it.
  bool output_is_held() const noexcept {
    return told.tree_holds && !told.tree.empty();
  }

  bool on_terminal() const noexcept {
    return spec.stdio.kind == stdio_kind::pty;
  }
};

/// The common terms of all plans of a soak.
struct plan_terms {
  /// The path of the sessions' program.
  std::string program;
  /// The file in which it reports its processes.
  std::string report;
};

/// Plans a session with everything that may happen to it.
plan make_plan(std::uint64_t number, std::uint32_t seed,
               const plan_terms& terms);

/// Plans the run of a program on a terminal that writes and ends at once.
plan make_terminal_plan(std::uint64_t number, std::uint32_t seed,
                        const plan_terms& terms);

std::string to_string(const plan& x);

} // namespace procession::soak
