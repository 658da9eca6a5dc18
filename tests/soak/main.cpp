// The soak: attacks the library with random sessions, subscribers, ends and
// kills, and verifies its promises from outside.
#include "hosts.hpp"
#include "round.hpp"

#include <CLI/CLI.hpp>

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <condition_variable>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <random>
#include <string>
#include <thread>

namespace procession::soak {

namespace {

namespace fs = std::filesystem;

enum exit_code {
  ok = 0,
  found = 1,
  failed = 2,
  /// This containment does not exist here; ctest counts it as skipped.
  not_here = 77
};

/// Runs on a terminal in half an hour.
constexpr auto terminal_runs = 50'000.0;

/// Prints a line now and then, from a thread of its own.
class progress {
public:
  explicit progress(ledger& log) : log_(log), thread_([this] { run(); }) {
    // nop
  }

  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  ~progress() {
    {
      std::lock_guard guard{mutex_};
      stop_ = true;
    }
    stopped_.notify_all();
    thread_.join();
  }

private:
  void run() {
    std::unique_lock guard{mutex_};
    while (!stopped_.wait_for(guard, std::chrono::seconds{10},
                              [this] { return stop_; })) {
      std::printf("%8.1f s  %llu live; %s\n", log_.now(),
                  static_cast<unsigned long long>(log_.counts.live),
                  to_string(log_.counts).c_str());
      std::fflush(stdout);
    }
  }

  ledger& log_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

/// A directory that other users may enter, removed at the end.
class scratch {
public:
  scratch() {
    auto path = (fs::temp_directory_path() / "soak-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
      throw std::runtime_error{"no directory can be made at " + path};
    path_ = path;
    fs::permissions(path_, fs::perms{0755});
  }

  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  ~scratch() {
    std::error_code ec;
    fs::remove_all(path_, ec);
  }

  std::string path() const {
    return path_;
  }

private:
  fs::path path_;
};

struct arguments {
  double minutes = 5;
  std::uint32_t seed = std::random_device{}();
  std::string containment = "mixed";
  std::string runner = "mixed";
  std::string runner_user;
  std::string only = "all";
  bool keep_going = false;
  /// The report file, if this process is a host that is to be killed.
  std::string host;
};

void declare(CLI::App& app, arguments& x) {
  app.add_option("--minutes", x.minutes, "How long")
    ->capture_default_str()
    ->check(CLI::PositiveNumber);
  app.add_option("--seed", x.seed,
                 "What chance decides; the same seed plans the same sessions");
  app.add_option("--containment", x.containment, "How descendants are held")
    ->capture_default_str()
    ->check(CLI::IsMember({"cgroup", "marker", "mixed"}));
  app
    .add_option("--runner", x.runner,
                "Whether sessions run in runners, or here, or either")
    ->capture_default_str()
    ->check(CLI::IsMember({"off", "on", "mixed"}));
  app
    .add_option("--runner-user", x.runner_user,
                "User of half of the runners; needs root")
    ->type_name("NAME");
  app.add_option("--only", x.only, "Leave out the other rounds")
    ->capture_default_str()
    ->check(CLI::IsMember({"all", "sessions", "terminals"}));
  app.add_flag("--keep-going", x.keep_going,
               "Do not stop at the first finding");
  app.add_option("--host", x.host)->group("");
}

std::string command_line(const arguments& x) {
  std::string result = "soak --seed " + std::to_string(x.seed) + " --minutes "
                       + std::to_string(x.minutes) + " --containment "
                       + x.containment + " --runner " + x.runner;
  if (!x.runner_user.empty())
    result += " --runner-user " + x.runner_user;
  if (x.only != "all")
    result += " --only " + x.only;
  if (!x.host.empty())
    result += ", as a host of another soak";
  return result;
}

void play(ledger& log, const settings& terms, const arguments& x) {
  using std::chrono::duration_cast;
  auto end = ledger::clock::now()
             + duration_cast<milliseconds>(
               std::chrono::duration<double, std::ratio<60>>{x.minutes});
  auto left = [&] {
    return duration_cast<milliseconds>(end - ledger::clock::now());
  };
  rounds all{log, terms, x.seed};
  while (left().count() > 0 && !log.over()) {
    if (x.only != "terminals")
      all.play(std::min(left(), milliseconds{6000}));
    if (x.only != "sessions" && !log.over())
      all.play_terminals(std::min(left(), milliseconds{2500}));
  }
  std::printf("%llu terminal runs, of which there should be %.0f\n",
              static_cast<unsigned long long>(log.counts.terminal_runs),
              terminal_runs * x.minutes / 30);
}

int main_of(int argc, char** argv) {
  arguments x;
  CLI::App app{"Attacks the library with random sessions and verifies what it "
               "promises.",
               "soak"};
  declare(app, x);
  CLI11_PARSE(app, argc, argv);
  settings terms;
  auto self = fs::read_symlink("/proc/self/exe");
  terms.program = self.parent_path() / "test-soak_child";
  terms.keep_going = x.keep_going;
  terms.local = x.runner != "on";
  terms.runners = x.runner != "off";
  terms.runner_user = x.runner_user;
  if (x.containment != "mixed")
    terms.containment = x.containment == "cgroup" ? containment_kind::cgroup
                                                  : containment_kind::marker;
  ledger log{command_line(x), x.keep_going};
  if (!x.host.empty()) {
    // A soak that stops at a finding leaves no host behind.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    rounds{log, terms, x.seed}.play_host(x.host);
    return found;
  }
  if (x.containment == "cgroup" && kinds_of_containment().size() < 2) {
    std::puts("skipped here: no cgroup v2 hierarchy is writable");
    return not_here;
  }
  scratch directory;
  terms.directory = directory.path();
  std::printf("%s\n", command_line(x).c_str());
  {
    progress lines{log};
    play(log, terms, x);
  }
  std::printf("%s\n%llu findings\n", to_string(log.counts).c_str(),
              static_cast<unsigned long long>(log.findings()));
  return log.findings() == 0 ? ok : found;
}

} // namespace

} // namespace procession::soak

int main(int argc, char** argv) {
  try {
    return procession::soak::main_of(argc, argv);
  } catch (const std::exception& x) {
    std::fprintf(stderr, "soak: %s\n", x.what());
    return procession::soak::failed;
  }
}
