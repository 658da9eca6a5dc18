#pragma once

#include <cstdio>
#include <cstdlib>

namespace procession::fuzz {

/// Ends the process, which is how a fuzzer learns of a mistake, unless `holds`.
inline void expect(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

} // namespace procession::fuzz
