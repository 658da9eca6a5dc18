#include "helper_program.hpp"

#include "../public_programs.hpp"

#include "procession/platform/posix/launcher.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace procession::test {

namespace fs = std::filesystem;

helper_program::helper_program(const std::string& name,
                               std::vector<std::string> args) {
  std::error_code ec;
  auto out = posix::make_pipe(ec);
  auto in = posix::unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  command spec;
  spec.program = public_program(name);
  spec.args = std::move(args);
  posix::launch_options options;
  options.in = in.get();
  options.out = out.write.get();
  options.err = out.write.get();
  auto result = posix::launch(spec, options);
  if (!result)
    FAIL(to_string(result.error()));
  auto& program = *result;
  pid_ = program.pid;
  pidfd_ = std::move(program.pidfd);
  output_ = std::move(out.read);
}

helper_program::~helper_program() {
  kill();
  wait();
}

bool helper_program::read_line(std::string& line) {
  for (;;) {
    if (auto end = buffer_.find('\n'); end != std::string::npos) {
      line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return true;
    }
    char chunk[1000];
    auto n = ::read(output_.get(), chunk, sizeof(chunk));
    if (n <= 0)
      return false;
    buffer_.append(chunk, static_cast<std::size_t>(n));
  }
}

std::map<std::string, std::string>
helper_program::told(const std::set<std::string>& names) {
  std::map<std::string, std::string> result;
  auto left = names;
  std::string line;
  while (!left.empty() && read_line(line)) {
    auto space = line.find(' ');
    auto name = line.substr(0, space);
    result[name] = space == std::string::npos ? "" : line.substr(space + 1);
    left.erase(name);
  }
  return result;
}

void helper_program::kill() {
  if (!reaped_)
    posix::send_signal(pidfd_, SIGKILL);
}

int helper_program::wait() {
  if (reaped_)
    return code_;
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED);
  reaped_ = true;
  code_ = info.si_code == CLD_EXITED ? info.si_status : -1;
  return code_;
}

std::vector<pid_t> zombies() {
  std::vector<pid_t> result;
  for (auto& entry : fs::directory_iterator{"/proc"}) {
    std::ifstream stat{entry.path() / "stat"};
    std::string line;
    if (!std::getline(stat, line))
      continue;
    auto fields = line.substr(line.rfind(')') + 2);
    if (fields.substr(0, 1) == "Z" && std::stoi(fields.substr(2)) == ::getpid())
      result.push_back(std::stoi(line));
  }
  return result;
}

std::size_t count_entries(const std::string& directory) {
  auto all = fs::directory_iterator{directory};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

} // namespace procession::test
