// What Windows allows: a flood and echoes over pipes with overlapped calls. The
// arguments are those of bench/limit/measured.hpp.
#include "../../common/items.hpp"
#include "../../common/phase.hpp"

#include <windows.h>

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace procession::bench {

namespace {

constexpr DWORD pipe_size = 64 * 1024;

[[noreturn]] void fail(const char* what) {
  throw std::system_error{static_cast<int>(::GetLastError()),
                          std::system_category(), what};
}

/// A handle, which is closed at the end.
class handle {
public:
  handle() noexcept = default;
  explicit handle(HANDLE value) noexcept : value_(value) {
    // nop
  }
  handle(handle&& other) noexcept
    : value_(std::exchange(other.value_, nullptr)) {
    // nop
  }
  handle& operator=(handle&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~handle() {
    if (valid())
      ::CloseHandle(value_);
  }

  HANDLE get() const noexcept {
    return value_;
  }

  bool valid() const noexcept {
    return value_ != nullptr && value_ != INVALID_HANDLE_VALUE;
  }

private:
  HANDLE value_ = nullptr;
};

struct pipe_ends {
  handle ours;
  handle theirs;
};

pipe_ends make_pipe(bool we_read) {
  static int count = 0;
  auto name = "\\\\.\\pipe\\procession-bench-"
              + std::to_string(::GetCurrentProcessId()) + "-"
              + std::to_string(++count);
  auto direction = we_read ? PIPE_ACCESS_INBOUND : PIPE_ACCESS_OUTBOUND;
  pipe_ends result;
  result.ours = handle{::CreateNamedPipeA(
    name.c_str(), static_cast<DWORD>(direction) | FILE_FLAG_OVERLAPPED,
    PIPE_TYPE_BYTE, 1, pipe_size, pipe_size, 0, nullptr)};
  SECURITY_ATTRIBUTES inheritable{sizeof(inheritable), nullptr, TRUE};
  result.theirs = handle{
    ::CreateFileA(name.c_str(), we_read ? GENERIC_WRITE : GENERIC_READ, 0,
                  &inheritable, OPEN_EXISTING, 0, nullptr)};
  if (!result.ours.valid() || !result.theirs.valid())
    fail("pipe");
  return result;
}

/// Returns a command line; none of our words contains a quotation mark.
std::string quoted(const std::vector<std::string>& words) {
  std::string result;
  for (auto& word : words)
    result += (result.empty() ? "\"" : " \"") + word + "\"";
  return result;
}

/// A child on pipes, which is killed at the end.
class child {
public:
  explicit child(const std::vector<std::string>& command)
    : event_(::CreateEventA(nullptr, TRUE, FALSE, nullptr)) {
    auto in = make_pipe(false);
    auto out = make_pipe(true);
    STARTUPINFOA info{};
    info.cb = sizeof(info);
    info.dwFlags = STARTF_USESTDHANDLES;
    info.hStdInput = in.theirs.get();
    info.hStdOutput = out.theirs.get();
    info.hStdError = ::GetStdHandle(STD_ERROR_HANDLE);
    auto line = quoted(command);
    PROCESS_INFORMATION made{};
    if (!::CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE,
                          CREATE_NO_WINDOW, nullptr, nullptr, &info, &made))
      fail("CreateProcess");
    handle{made.hThread};
    process_ = handle{made.hProcess};
    in_ = std::move(in.ours);
    out_ = std::move(out.ours);
  }

  ~child() {
    ::TerminateProcess(process_.get(), 1);
    ::WaitForSingleObject(process_.get(), INFINITE);
  }

  /// Returns 0 at the end of the output.
  std::size_t read_some(char* to, std::size_t size) {
    OVERLAPPED how{};
    how.hEvent = event_.get();
    ::ReadFile(out_.get(), to, static_cast<DWORD>(size), nullptr, &how);
    return wait(out_, how);
  }

  void read_all(char* to, std::size_t size) {
    for (std::size_t had = 0; had < size;) {
      auto n = read_some(to + had, size - had);
      if (n == 0)
        throw std::runtime_error{"the child ended early"};
      had += n;
    }
  }

  void write_all(const char* from, std::size_t size) {
    OVERLAPPED how{};
    how.hEvent = event_.get();
    ::WriteFile(in_.get(), from, static_cast<DWORD>(size), nullptr, &how);
    if (wait(in_, how) != size)
      fail("write");
  }

private:
  static std::size_t wait(const handle& pipe, OVERLAPPED& how) {
    DWORD n = 0;
    if (::GetOverlappedResult(pipe.get(), &how, &n, TRUE))
      return n;
    if (::GetLastError() != ERROR_BROKEN_PIPE)
      fail("GetOverlappedResult");
    return 0;
  }

  handle event_;
  handle process_;
  handle in_;
  handle out_;
};

/// pipes BYTES COMMAND
void flood(arguments& args) {
  args.word();
  auto bytes = args.number();
  auto command = args.command();
  std::vector<char> buffer(pipe_size);
  std::uint64_t got = 0;
  phase measured;
  child source{command};
  while (auto n = source.read_some(buffer.data(), buffer.size()))
    got += n;
  measured.stop();
  if (got != bytes)
    throw std::runtime_error{"output is missing"};
  print_flow(measured, bytes);
}

double round_trip(child& other, std::vector<char>& message) {
  stopwatch time;
  other.write_all(message.data(), message.size());
  other.read_all(message.data(), message.size());
  return time.seconds();
}

/// pipes SIZE COUNT COMMAND
void echo(arguments& args) {
  args.word();
  std::vector<char> message(args.number(), 'x');
  auto count = args.number();
  child other{args.command()};
  char ready = 0;
  other.read_all(&ready, 1);
  for (auto i = warm_up_echoes; i > 0; --i)
    round_trip(other, message);
  std::vector<double> times;
  phase measured;
  while (times.size() < count)
    times.push_back(round_trip(other, message));
  measured.stop();
  print_times(std::move(times));
  measured.print(static_cast<double>(count));
}

} // namespace

} // namespace procession::bench

int main(int argc, char** argv) {
  using namespace procession::bench;
  return measure({{"flood", flood}, {"echo", echo}}, {argv + 1, argv + argc});
}
