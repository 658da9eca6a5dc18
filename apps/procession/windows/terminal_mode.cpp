#include "../terminal_mode.hpp"

#include <windows.h>

namespace procession::cli {

namespace {

// Globals, as a control handler gets no argument from us.
DWORD former_input = 0;
DWORD former_output = 0;
bool is_raw = false;

HANDLE input() {
  return ::GetStdHandle(STD_INPUT_HANDLE);
}

HANDLE output_stream() {
  return ::GetStdHandle(STD_OUTPUT_HANDLE);
}

bool is_console(DWORD stream) {
  DWORD mode = 0;
  return ::GetConsoleMode(::GetStdHandle(stream), &mode) != 0;
}

} // namespace

bool input_is_terminal() {
  return is_console(STD_INPUT_HANDLE);
}

bool take_keys_from_terminal() {
  // Keys of the console cannot be read apart from our standard input.
  return false;
}

bool output_is_terminal(stream_kind which) {
  return is_console(which == stream_kind::out ? STD_OUTPUT_HANDLE
                                              : STD_ERROR_HANDLE);
}

std::optional<terminal_size> console_size() {
  for (auto stream : {STD_OUTPUT_HANDLE, STD_ERROR_HANDLE}) {
    CONSOLE_SCREEN_BUFFER_INFO info{};
    if (!::GetConsoleScreenBufferInfo(::GetStdHandle(stream), &info))
      continue;
    auto rows = info.srWindow.Bottom - info.srWindow.Top + 1;
    auto cols = info.srWindow.Right - info.srWindow.Left + 1;
    if (rows > 0 && cols > 0)
      return terminal_size{static_cast<std::uint16_t>(rows),
                           static_cast<std::uint16_t>(cols)};
  }
  return std::nullopt;
}

raw_mode::raw_mode(output out) : out_(out) {
  if (!::GetConsoleMode(input(), &former_input))
    return;
  if (!::GetConsoleMode(output_stream(), &former_output))
    former_output = 0;
  is_raw = true;
  renew();
}

raw_mode::~raw_mode() {
  suspend();
  is_raw = false;
}

void restore_terminal_mode() noexcept {
  if (!is_raw)
    return;
  ::SetConsoleMode(input(), former_input);
  if (former_output != 0)
    ::SetConsoleMode(output_stream(), former_output);
}

void raw_mode::suspend() const {
  restore_terminal_mode();
}

void raw_mode::renew() const {
  if (!is_raw)
    return;
  // Keys arrive as the sequences that the program's terminal expects.
  ::SetConsoleMode(input(), ENABLE_VIRTUAL_TERMINAL_INPUT);
  if (former_output == 0)
    return;
  auto mode = former_output | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
  if (out_ == output::raw)
    mode |= DISABLE_NEWLINE_AUTO_RETURN;
  ::SetConsoleMode(output_stream(), mode);
}

} // namespace procession::cli
