#include "../sandbox_command.hpp"

namespace procession::cli {

std::function<std::optional<int>()> add_sandbox_command(CLI::App&) {
  return [] { return std::nullopt; };
}

} // namespace procession::cli
