#include "hosts.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace procession::soak {

hosts::hosts(ledger& log, const settings& terms, containment_kind kind,
             std::uint32_t seed)
  : log_(log), terms_(terms), kind_(kind), chance_(seed),
    thread_([this] { run(); }) {
  // nop
}

hosts::~hosts() {
  {
    std::lock_guard guard{mutex_};
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

bool hosts::wait_for(milliseconds time) {
  std::unique_lock guard{mutex_};
  return stopped_.wait_for(guard, time, [this] { return stop_; });
}

void hosts::run() {
  while (!wait_for(chance_.any_time(300)) && !log_.over())
    play_one();
}

pid_t hosts::start(const std::string& report, std::uint32_t seed) {
  std::vector<std::string> words{"soak",
                                 "--host",
                                 report,
                                 "--seed",
                                 std::to_string(seed),
                                 "--containment",
                                 to_string(kind_),
                                 "--runner",
                                 terms_.runners ? "mixed" : "off"};
  if (!terms_.runner_user.empty())
    words.insert(words.end(), {"--runner-user", terms_.runner_user});
  if (terms_.keep_going)
    words.push_back("--keep-going");
  std::vector<char*> argv;
  for (auto& x : words)
    argv.push_back(x.data());
  argv.push_back(nullptr);
  pid_t result = -1;
  if (auto code = ::posix_spawn(&result, "/proc/self/exe", nullptr, nullptr,
                                argv.data(), environ))
    throw std::system_error{code, std::system_category(), "posix_spawn"};
  return result;
}

void hosts::play_one() {
  auto report = terms_.directory + "/host-" + std::to_string(chance_.seed());
  auto seed = chance_.seed();
  census processes{report};
  auto pid = start(report, seed);
  // Early kills find it in the midst of its start, late ones in full swing.
  wait_for(milliseconds{50 + chance_.any_size(3000)});
  processes.condemn(pid, false);
  ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR)
    continue;
  ++log_.counts.host_kills;
  auto title = "host " + std::to_string(pid) + " with seed "
               + std::to_string(seed) + ", " + to_string(kind_) + ": ";
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
    log_.finding(title + "ended before it was killed, with status "
                 + std::to_string(status));
  for (auto& line : processes.await_end(std::chrono::seconds{10}))
    log_.finding(title + line);
  log_.counts.processes += processes.seen();
}

} // namespace procession::soak
