#include "../program_arguments.hpp"

#include <algorithm>

namespace procession::cli {

std::vector<std::string> program_arguments(int argc, char** argv) {
  return {argv + 1, argv + std::max(argc, 1)};
}

} // namespace procession::cli
