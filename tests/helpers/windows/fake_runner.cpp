// A runner that misbehaves. The environment variable PROCESSION_FAKE_RUNNER
// says how:
//
//   die                 says something and ends with code 7
//   idle                does not connect
//   mute                connects, and says nothing
//   say TEXT            connects and says that instead of a hello
//   hello VERSION       connects and says hello in that version
//   nonce TEXT          connects and says hello with that nonce
//   gate FILE           writes into FILE where it is to connect, waits until it
//                       may, and does so as a runner should. FILE.ready and
//                       FILE.go, without their directory, are two events.
//
// It stays until its parent ends it or closes the pipe.
#include "procession/platform/win_elevated/parent.hpp"
#include "procession/platform/windows/system.hpp"
#include "procession/runner/channel/protocol.hpp"

#include <windows.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

using namespace procession;

namespace {

using windows::unique_handle;

unique_handle open_pipe(const std::string& name, std::uint32_t parent) {
  auto opened = windows::connect_to_parent(name, parent);
  if (!opened) {
    std::cerr << to_string(opened.error()) << std::endl;
    std::exit(9);
  }
  return std::move(*opened);
}

void write(const unique_handle& pipe, const std::string& bytes) {
  OVERLAPPED how{};
  DWORD n = 0;
  ::WriteFile(pipe.get(), bytes.data(), static_cast<DWORD>(bytes.size()),
              nullptr, &how);
  ::GetOverlappedResult(pipe.get(), &how, &n, TRUE);
}

/// Reads until the pipe ends.
void drain(const unique_handle& pipe) {
  std::array<char, 4096> bytes;
  DWORD n = 0;
  do {
    OVERLAPPED how{};
    if (!::ReadFile(pipe.get(), bytes.data(), static_cast<DWORD>(bytes.size()),
                    nullptr, &how)
        && ::GetLastError() != ERROR_IO_PENDING)
      return;
    if (!::GetOverlappedResult(pipe.get(), &how, &n, TRUE))
      return;
  } while (n > 0);
}

std::string hello(std::uint32_t version, std::string nonce) {
  protocol::hello body;
  body.version = version;
  body.nonce = std::move(nonce);
  body.pid = ::GetCurrentProcessId();
  body.user = "fake";
  auto bytes = protocol::encode(body);
  frame_header header;
  header.length = static_cast<std::uint32_t>(bytes.size());
  header.type = frame_type::hello;
  header.sequence = 1;
  auto head = encode(header);
  return std::string{reinterpret_cast<const char*>(head.data()), head.size()}
         + bytes;
}

/// Tells the test where to find the pipe, and waits until it may go on.
void wait_at_gate(const std::string& file, const std::string& name) {
  std::ofstream{file} << name << std::endl;
  auto event = std::filesystem::path{file}.filename().wstring();
  unique_handle ready{
    ::OpenEventW(EVENT_MODIFY_STATE, FALSE, (event + L".ready").c_str())};
  unique_handle go{::OpenEventW(SYNCHRONIZE, FALSE, (event + L".go").c_str())};
  ::SetEvent(ready.get());
  ::WaitForSingleObject(go.get(), INFINITE);
}

} // namespace

int main(int argc, char** argv) {
  auto* told = std::getenv("PROCESSION_FAKE_RUNNER");
  if (told == nullptr || argc != 3)
    return 8;
  std::istringstream words{told};
  std::string how;
  std::string what;
  words >> how >> std::ws;
  std::getline(words, what);
  if (how == "die") {
    std::cerr << "cannot do that" << std::endl;
    return 7;
  }
  if (how == "idle")
    ::Sleep(INFINITE);
  auto secret = windows::take_runner_secret();
  if (!secret)
    return 8;
  if (how == "gate")
    wait_at_gate(what, argv[2]);
  auto pipe = open_pipe(argv[2], secret->parent);
  if (how == "say")
    write(pipe, what);
  else if (how == "hello")
    write(pipe,
          hello(static_cast<std::uint32_t>(std::stoul(what)), secret->nonce));
  else if (how == "nonce")
    write(pipe, hello(protocol_version, what));
  else if (how == "gate")
    write(pipe, hello(protocol_version, secret->nonce));
  drain(pipe);
  return 0;
}
