#include "plain.hpp"

#include "../child.hpp"

#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/rules/quoting.hpp"
#include "procession/platform/windows/system.hpp"

#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace procession::bench::plain {

namespace {

using windows::unique_handle;

constexpr DWORD block_size = 64 * 1024;

[[noreturn]] void fail(const char* what) {
  throw std::system_error{static_cast<int>(::GetLastError()),
                          std::system_category(), what};
}

struct ends {
  unique_handle ours;
  unique_handle theirs;
};

ends make_pipe(bool we_read) {
  auto name = windows::to_wide_path("\\\\.\\pipe\\procession-bench-"
                                    + windows::random_name(16));
  ends result;
  result.ours = unique_handle{
    ::CreateNamedPipeW(name.c_str(),
                       (we_read ? PIPE_ACCESS_INBOUND : PIPE_ACCESS_OUTBOUND)
                         | FILE_FLAG_OVERLAPPED,
                       PIPE_TYPE_BYTE, 1, block_size, block_size, 0, nullptr)};
  SECURITY_ATTRIBUTES inheritable{sizeof(inheritable), nullptr, TRUE};
  result.theirs = unique_handle{
    ::CreateFileW(name.c_str(), we_read ? GENERIC_WRITE : GENERIC_READ, 0,
                  &inheritable, OPEN_EXISTING, 0, nullptr)};
  if (!result.ours || !result.theirs)
    fail("pipe");
  return result;
}

/// A child on pipes, which is killed at the end.
class child {
public:
  explicit child(const std::vector<std::string>& args)
    : event_(::CreateEventW(nullptr, TRUE, FALSE, nullptr)) {
    auto in = make_pipe(false);
    auto out = make_pipe(true);
    STARTUPINFOW info{};
    info.cb = sizeof(info);
    info.dwFlags = STARTF_USESTDHANDLES;
    info.hStdInput = in.theirs.get();
    info.hStdOutput = out.theirs.get();
    info.hStdError = ::GetStdHandle(STD_ERROR_HANDLE);
    auto line = windows::to_wide_path(
      windows::make_command_line("bench", args).value());
    PROCESS_INFORMATION made{};
    if (!::CreateProcessW(windows::to_wide_path(own_path()).c_str(),
                          line.data(), nullptr, nullptr, TRUE, CREATE_NO_WINDOW,
                          nullptr, nullptr, &info, &made))
      fail("CreateProcess");
    unique_handle{made.hThread}.reset();
    process_.reset(made.hProcess);
    in_ = std::move(in.ours);
    out_ = std::move(out.ours);
  }

  ~child() {
    ::TerminateProcess(process_.get(), 1);
    ::WaitForSingleObject(process_.get(), INFINITE);
  }

  std::size_t read_some(char* to, std::size_t size) {
    OVERLAPPED how{};
    how.hEvent = event_.get();
    ::ReadFile(out_.get(), to, static_cast<DWORD>(size), nullptr, &how);
    return wait(out_, how);
  }

  void read_all(char* to, std::size_t size) {
    for (std::size_t had = 0; had < size;)
      had += read_some(to, size - had);
  }

  void write_all(const char* from, std::size_t size) {
    OVERLAPPED how{};
    how.hEvent = event_.get();
    ::WriteFile(in_.get(), from, static_cast<DWORD>(size), nullptr, &how);
    if (wait(in_, how) != size)
      fail("write");
  }

private:
  std::size_t wait(const unique_handle& pipe, OVERLAPPED& how) {
    DWORD n = 0;
    if (!::GetOverlappedResult(pipe.get(), &how, &n, TRUE) || n == 0)
      throw std::runtime_error{"the child ended early"};
    return n;
  }

  unique_handle event_;
  unique_handle process_;
  unique_handle in_;
  unique_handle out_;
};

} // namespace

double flood(std::uint64_t bytes) {
  child source{child_args(child_kind::flood, bytes)};
  std::vector<char> block(block_size);
  source.read_all(block.data(), 1);
  stopwatch time;
  source.write_all(block.data(), 1);
  for (std::uint64_t had = 0; had < bytes;)
    had += source.read_some(block.data(), block.size());
  return time.seconds();
}

round_trips echo(std::size_t count, std::size_t size) {
  child other{child_args(child_kind::echo)};
  char ready = 0;
  other.read_all(&ready, 1);
  std::vector<char> message(size, 'x');
  std::vector<double> times;
  times.reserve(count);
  while (times.size() < count) {
    stopwatch time;
    other.write_all(message.data(), size);
    other.read_all(message.data(), size);
    times.push_back(time.seconds());
  }
  return summarize(std::move(times));
}

} // namespace procession::bench::plain
