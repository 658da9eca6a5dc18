#include "../standard_bytes.hpp"

#include <procession/platform/default_shell.hpp>

#include <windows.h>

#include <algorithm>

std::size_t read_input(std::span<char> buffer) {
  DWORD n = 0;
  auto done = ::ReadFile(::GetStdHandle(STD_INPUT_HANDLE), buffer.data(),
                         static_cast<DWORD>(buffer.size()), &n, nullptr);
  return done ? n : 0;
}

bool write_output(std::string_view text) {
  constexpr std::size_t most = 32 * 1024;
  while (!text.empty()) {
    DWORD n = 0;
    if (!::WriteFile(::GetStdHandle(STD_OUTPUT_HANDLE), text.data(),
                     static_cast<DWORD>(std::min(text.size(), most)), &n,
                     nullptr))
      return false;
    text.remove_prefix(n);
  }
  return true;
}

void prepare_output() {
  // Here a write fails anyway.
}

std::vector<std::string> agent_shell() {
  return procession::default_shell();
}
