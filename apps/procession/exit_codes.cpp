#include "exit_codes.hpp"

#include <algorithm>
#include <array>

namespace procession::cli {

namespace {

constexpr std::array<exit_code_text, 8> codes_of_run{{
  {"2", "bad usage"},
  {"124", "--timeout ended PROGRAM"},
  {"125", "procession itself failed, or the runner did"},
  {"126", "PROGRAM cannot be executed, or not from that directory"},
  {"127", "PROGRAM was not found"},
  {"141", "our standard output was closed by its reader"},
  {"128+n", "signal n ended PROGRAM"},
  {"other", "the exit code of PROGRAM"},
}};

} // namespace

std::span<const exit_code_text> exit_codes_of_run() noexcept {
  return codes_of_run;
}

std::string exit_codes_section(std::span<const exit_code_text> rows) {
  std::size_t width = 0;
  for (auto& row : rows)
    width = std::max(width, row.code.size());
  std::string result = "Exit codes:\n";
  for (auto& row : rows) {
    result.append("  ").append(row.code);
    result.append(width - row.code.size() + 2, ' ');
    result.append(row.meaning).append("\n");
  }
  return result;
}

} // namespace procession::cli
