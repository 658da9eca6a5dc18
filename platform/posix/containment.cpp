#include "procession/platform/posix/containment.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/random.h>

#include <cstdint>
#include <cstdio>

namespace procession::posix {

std::string make_nonce() {
  std::uint64_t value = 0;
  // Never short and never interrupted for so few bytes (getrandom(2)).
  [[maybe_unused]] auto n = ::getrandom(&value, sizeof(value), 0);
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx",
                static_cast<unsigned long long>(value));
  return text;
}

std::chrono::steady_clock::time_point
deadline_after(std::chrono::nanoseconds time) {
  using clock = std::chrono::steady_clock;
  auto now = clock::now();
  return time < clock::time_point::max() - now ? now + time
                                               : clock::time_point::max();
}

std::variant<std::unique_ptr<containment>, failure>
make_containment(containment_kind wanted, loop& reactor) {
  // Asio's reactor needs descriptors of its own, and takes them at first use:
  // that may be when a tree has to be ended and there are none.
  boost::asio::posix::stream_descriptor{reactor.context()};
  boost::asio::steady_timer{reactor.context()};
  switch (wanted) {
    case containment_kind::cgroup:
      return make_cgroup_containment(reactor);
    case containment_kind::marker:
      return make_marker_containment(reactor);
    case containment_kind::unknown: {
      auto result = make_cgroup_containment(reactor);
      if (std::holds_alternative<failure>(result))
        return make_marker_containment(reactor);
      return result;
    }
    case containment_kind::job:
      break;
  }
  return failure{errc::invalid_argument,
                 {stage::contain, 0, "job objects exist on Windows only"}};
}

} // namespace procession::posix
