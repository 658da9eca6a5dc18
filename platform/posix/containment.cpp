#include "procession/platform/posix/containment.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <boost/system/system_error.hpp>

#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

namespace procession::posix {

std::string random_digits(std::size_t n) {
  std::string result(n, '\0');
  // Up to 256 bytes are returned whole (getrandom(2)).
  while (::getrandom(result.data(), n, 0) < 0 && errno == EINTR)
    continue;
  for (auto& c : result)
    c = "0123456789abcdef"[c & 15];
  return result;
}

std::chrono::steady_clock::time_point
deadline_after(std::chrono::nanoseconds time) {
  using clock = std::chrono::steady_clock;
  auto now = clock::now();
  return time < clock::time_point::max() - now ? now + time
                                               : clock::time_point::max();
}

failure contain_failure(int os_code, std::string text) {
  auto code = errc::spawn_failed;
  if (no_descriptor_left(os_code))
    code = errc::out_of_descriptors;
  else if (os_code == EAGAIN)
    code = errc::out_of_processes;
  return {code, {stage::contain, os_code, std::move(text)}};
}

namespace {

/// Checks that the numbers in /proc are those of our system calls.
std::optional<failure> check_proc() {
  // /proc numbers us as in the namespace that mounted it; if we are not in
  // that, the link cannot be read (proc(5)).
  char text[32] = {};
  if (::readlink("/proc/self", text, sizeof(text) - 1) < 0)
    return contain_failure(errno, "/proc is not mounted, or it is another PID "
                                  "namespace's");
  if (std::atol(text) != ::getpid())
    return contain_failure(0, "/proc is another PID namespace's: it has to be "
                              "mounted anew in a new one");
  return std::nullopt;
}

} // namespace

expected<std::unique_ptr<containment>> make_containment(containment_kind wanted,
                                                        loop& reactor) {
  if (auto bad = check_proc())
    return std::move(*bad);
  // Asio's reactor takes its own descriptors at first use: that may be when a
  // tree has to be ended and none is left.
  try {
    boost::asio::posix::stream_descriptor{reactor.context()};
    boost::asio::steady_timer{reactor.context()};
  } catch (const boost::system::system_error& x) {
    return contain_failure(x.code().value(), "the reactor cannot be made");
  }
  switch (wanted) {
    case containment_kind::cgroup:
      return make_cgroup_containment(reactor);
    case containment_kind::marker:
      return make_marker_containment(reactor);
    case containment_kind::unknown: {
      auto result = make_cgroup_containment(reactor);
      // A shortage must not lead to a weaker containment.
      if (!result && result.error().code != errc::out_of_descriptors)
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
