#include "../backend.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace procession::test {

const std::vector<backend_entry>& backends() {
  static const auto result = [] {
    std::vector<backend_entry> all{
      local_backend("local, best containment", containment_kind::unknown),
      local_backend("local, contained by marker", containment_kind::marker),
      runner_backend("runner")};
    runner_options other;
    other.user = "nobody";
    // Only root can become another user.
    if (::geteuid() == 0)
      all.push_back(runner_backend("runner as nobody", other));
    else
      std::cerr << "left out: a runner as nobody, which needs root\n";
    // For example one that was built with another version of CAF.
    runner_options foreign;
    if (auto* path = std::getenv("PROCESSION_OTHER_RUNNER")) {
      foreign.program = path;
      all.push_back(runner_backend("runner of another build", foreign));
    }
    return all;
  }();
  return result;
}

} // namespace procession::test
