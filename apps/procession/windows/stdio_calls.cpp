#include "../stdio_calls.hpp"

#include "../stdio_threads.hpp"

#include <windows.h>

#include <algorithm>

namespace procession::cli {

void complete_stdio() {
  // Streams have no numbers here, so no other file takes the place of one.
}

std::size_t read_some(std::span<char> buffer, std::error_code& ec) {
  DWORD n = 0;
  if (!::ReadFile(::GetStdHandle(STD_INPUT_HANDLE), buffer.data(),
                  static_cast<DWORD>(buffer.size()), &n, nullptr)) {
    auto why = ::GetLastError();
    if (why != ERROR_BROKEN_PIPE && why != ERROR_HANDLE_EOF
        && why != ERROR_INVALID_HANDLE && why != ERROR_PIPE_NOT_CONNECTED)
      ec.assign(static_cast<int>(why), std::system_category());
    return 0;
  }
  // A Ctrl-Z at the start of a console's line is the end of the input.
  return n > 0 && buffer[0] == '\x1a' ? 0 : n;
}

void release_standard_input() {
  // The program never gets our standard input here.
}

std::size_t write_some(stream_kind stream, std::span<const std::byte> bytes,
                       std::error_code& ec) {
  auto handle = ::GetStdHandle(stream == stream_kind::out ? STD_OUTPUT_HANDLE
                                                          : STD_ERROR_HANDLE);
  // The largest piece that a console takes at once is not documented; this is
  // less (WriteConsole, about 64 KiB).
  constexpr std::size_t most = 32 * 1024;
  auto now = bytes.first(std::min(bytes.size(), most));
  DWORD n = 0;
  if (!::WriteFile(handle, now.data(), static_cast<DWORD>(now.size()), &n,
                   nullptr))
    ec.assign(static_cast<int>(::GetLastError()), std::system_category());
  return n;
}

bool reader_gone(const std::error_code& x) {
  return x.value() == ERROR_NO_DATA || x.value() == ERROR_BROKEN_PIPE
         || x.value() == ERROR_PIPE_NOT_CONNECTED;
}

bool no_such_stream(const std::error_code& x) {
  return x.value() == ERROR_INVALID_HANDLE;
}

} // namespace procession::cli
