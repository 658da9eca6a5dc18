#include "procession/platform/windows/pseudoconsole.hpp"

#include "procession/platform/conpty_supported.hpp"
#include "procession/platform/windows/system.hpp"

#include <algorithm>

namespace procession {

namespace windows {

namespace {

struct console_functions {
  decltype(::CreatePseudoConsole)* create = nullptr;
  decltype(::ResizePseudoConsole)* resize = nullptr;
  decltype(::ClosePseudoConsole)* close = nullptr;

  explicit operator bool() const noexcept {
    return create != nullptr && resize != nullptr && close != nullptr;
  }
};

const console_functions& functions() noexcept {
  static const auto result = [] {
    console_functions x;
    x.create = system_function<decltype(::CreatePseudoConsole)>(
      "CreatePseudoConsole");
    x.resize = system_function<decltype(::ResizePseudoConsole)>(
      "ResizePseudoConsole");
    x.close = system_function<decltype(::ClosePseudoConsole)>(
      "ClosePseudoConsole");
    return x;
  }();
  return result;
}

COORD to_coord(terminal_size x) {
  auto limited = [](std::uint16_t n, int least) {
    return static_cast<SHORT>(std::clamp<int>(n, least, SHRT_MAX));
  };
  // A character of two columns sends a one-column console into a loop
  // (microsoft/terminal#19922).
  return {limited(x.cols, 2), limited(x.rows, 1)};
}

} // namespace

expected<std::shared_ptr<pseudoconsole>>
pseudoconsole::make(terminal_size size, unique_handle in, unique_handle out) {
  if (!functions())
    return failure{errc::no_pty_left,
                   {stage::open_pty, ERROR_CALL_NOT_IMPLEMENTED,
                    "terminals need Windows 10 1809 or later"}};
  HPCON made = nullptr;
  auto result = functions().create(to_coord(size), in.get(), out.get(), 0,
                                   &made);
  if (FAILED(result))
    return last_failure(errc::no_pty_left, stage::open_pty,
                        "the system made no pseudoconsole",
                        static_cast<DWORD>(result));
  return std::make_shared<pseudoconsole>(made);
}

pseudoconsole::~pseudoconsole() {
  functions().close(handle_);
}

std::optional<failure> pseudoconsole::resize(terminal_size size) {
  auto result = functions().resize(handle_, to_coord(size));
  if (SUCCEEDED(result))
    return std::nullopt;
  return last_failure(errc::request_failed, stage::run,
                      "the terminal was not resized",
                      static_cast<DWORD>(result));
}

} // namespace windows

bool conpty_supported() noexcept {
  return static_cast<bool>(windows::functions());
}

} // namespace procession
