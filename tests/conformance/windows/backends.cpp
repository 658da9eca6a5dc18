#include "../backend.hpp"

namespace procession::test {

const std::vector<backend_entry>& backends() {
  static const std::vector<backend_entry> result{local_backend("local"),
                                                 runner_backend("runner")};
  return result;
}

} // namespace procession::test
