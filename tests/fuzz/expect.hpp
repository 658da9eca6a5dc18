#pragma once

#include <cstdio>
#include <cstdlib>

namespace procession::fuzz {

/// Ends the process unless `holds`: a fuzzer takes that for a finding.
inline void expect(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

} // namespace procession::fuzz
