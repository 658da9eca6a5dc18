// Measures sessions beside the plain system calls that do the same, turn by
// turn, so that other load on the machine affects both.
#include "../child.hpp"
#include "../comparison.hpp"
#include "../sessions.hpp"
#include "../table.hpp"
#include "machine.hpp"
#include "plain.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <thread>

namespace procession::bench {

namespace {

constexpr std::uint64_t mib = 1024 * 1024;

/// The amounts that are measured.
struct amounts {
  int repetitions = 7;
  std::uint64_t pipe_bytes = 1024 * mib;
  std::uint64_t pty_bytes = 64 * mib;
  std::uint64_t fanout_bytes = 256 * mib;
  std::size_t echoes = 5000;
  std::size_t spawns = 2000;
  std::size_t idle_sessions = 1000;
  std::chrono::seconds idle_interval{5};
  std::size_t leak_spawns = 10'000;
};

amounts short_amounts() {
  return {3,    256 * mib, 16 * mib, 64 * mib,
          1000, 100,       200,      std::chrono::seconds{1},
          1000};
}

/// Measures the bytes per second of a flood, through a session and plainly.
readings flood(stdio_kind kind, std::uint64_t bytes, int repetition) {
  readings result;
  auto rate = [&](double seconds) { return bytes / seconds; };
  in_turns(
    repetition, [&] { result["session"] = rate(host{}.flood(kind, bytes, 1)); },
    [&] { result["plain"] = rate(plain::flood(kind, bytes)); });
  return result;
}

/// Measures the same through a runner, and here.
readings runner_flood(stdio_kind kind, std::uint64_t bytes, int repetition) {
  readings result;
  auto rate = [&](place where) {
    host sessions{where};
    // A runner takes time to start.
    sessions.spawn(1);
    return bytes / sessions.flood(kind, bytes, 1);
  };
  in_turns(
    repetition, [&] { result["runner"] = rate(place::in_a_runner); },
    [&] { result["local"] = rate(place::here); });
  return result;
}

/// Measures the seconds per GiB of a flood to several subscribers.
readings fanout(std::uint64_t bytes) {
  readings result;
  auto cost = [&](double seconds) { return seconds / bytes * 1024 * mib; };
  result["plain"] = cost(plain::flood(stdio_kind::pipes, bytes));
  for (auto n : {1, 8, 64})
    result["session_" + std::to_string(n)] = cost(
      host{}.flood(stdio_kind::pipes, bytes, n));
  return result;
}

/// Measures the seconds of a round trip.
readings echo(std::size_t count, int repetition) {
  constexpr std::size_t message_size = 16;
  readings result;
  auto note = [&](const char* who, round_trips x) {
    result[who + std::string{"_mean"}] = x.mean;
    result[who + std::string{"_median"}] = x.median;
  };
  in_turns(
    repetition,
    [&] { note("session", host{}.echo(stdio_kind::pty, count, message_size)); },
    [&] { note("plain", plain::echo(count, message_size)); });
  return result;
}

readings runner_echo(std::size_t count, int repetition) {
  constexpr std::size_t message_size = 16;
  readings result;
  auto note = [&](const char* who, place where) {
    host sessions{where};
    sessions.spawn(1);
    auto x = sessions.echo(stdio_kind::pty, count, message_size);
    result[who + std::string{"_mean"}] = x.mean;
    result[who + std::string{"_median"}] = x.median;
  };
  in_turns(
    repetition, [&] { note("runner", place::in_a_runner); },
    [&] { note("local", place::here); });
  return result;
}

/// Measures spawns per second, one after the other, with `resident` bytes of
/// memory in use.
readings spawn(std::size_t count, std::size_t resident, int repetition) {
  std::unique_ptr<ballast> memory;
  if (resident > 0)
    memory = std::make_unique<ballast>(resident);
  host sessions;
  // The first spawn also starts the keeper, which is not measured.
  sessions.spawn(1);
  // In slices, since the machine's pace changes meanwhile.
  constexpr std::size_t slices = 10;
  auto ours = 0.;
  auto rival = 0.;
  for (std::size_t i = 0; i < slices; ++i)
    in_turns(
      repetition, [&] { ours += sessions.spawn(count / slices); },
      [&] { rival += plain::spawn(count / slices); });
  return {{"session", count / ours}, {"plain", count / rival}};
}

/// Measures the seconds of a run over the exec tool, and as a plain session.
readings exec(std::size_t count, int repetition) {
  host sessions;
  sessions.spawn(1);
  sessions.exec(1);
  constexpr std::size_t slices = 10;
  auto ours = 0.;
  auto rival = 0.;
  for (std::size_t i = 0; i < slices; ++i)
    in_turns(
      repetition, [&] { ours += sessions.exec(count / slices); },
      [&] { rival += sessions.spawn(count / slices); });
  return {{"tool", ours / count}, {"session", rival / count}};
}

readings runner_spawn(std::size_t count, int repetition) {
  host here;
  host there{place::in_a_runner};
  here.spawn(1);
  there.spawn(1);
  constexpr std::size_t slices = 10;
  auto ours = 0.;
  auto rival = 0.;
  for (std::size_t i = 0; i < slices; ++i)
    in_turns(
      repetition, [&] { ours += there.spawn(count / slices); },
      [&] { rival += here.spawn(count / slices); });
  return {{"runner", count / ours}, {"local", count / rival}};
}

/// Measures the cost of idle sessions: memory, threads, processor time.
readings idle(std::size_t count, std::chrono::seconds interval) {
  readings result;
  auto bytes_each = [&](const usage& before, const usage& after) {
    auto resident = after.resident - std::min(after.resident, before.resident);
    auto heap = after.heap - std::min(after.heap, before.heap);
    return double(std::max(resident, heap)) / count;
  };
  {
    trim_heap();
    auto before = read_usage();
    auto children = plain::idle(count);
    result["plain_bytes"] = bytes_each(before, read_usage());
  }
  host sessions;
  sessions.idle(1);
  trim_heap();
  auto held = count_holdings();
  auto before = read_usage();
  sessions.idle(count);
  auto after = read_usage();
  result["session_bytes"] = bytes_each(before, after);
  result["descriptors"]
    = double(count_holdings().descriptors - held.descriptors) / count;
  result["more_threads"] = double(count_holdings().threads) - held.threads;
  // The one intended sleep: the interval in which nothing happens.
  auto start = read_usage();
  std::this_thread::sleep_for(interval);
  auto end = read_usage();
  result["cpu"] = (end.cpu - start.cpu) / interval.count();
  // The sleep itself counts as one.
  result["wakeups"] = double(end.wakeups - start.wakeups - 1);
  return result;
}

/// Measures what many spawns leave behind.
readings leak(std::size_t count) {
  host sessions;
  // As many as are retained for later requests.
  sessions.spawn(300, 8);
  sessions.settle();
  trim_heap();
  auto before = count_holdings();
  auto heap = read_usage().heap;
  auto seconds = sessions.spawn(count, 8);
  sessions.settle();
  // The last of them may not be gone yet.
  auto after = count_holdings();
  stopwatch time;
  while (time.seconds() < 2
         && (after.descriptors > before.descriptors
             || after.children > before.children))
    after = count_holdings();
  readings result;
  result["rate"] = count / seconds;
  result["descriptors"] = double(after.descriptors) - before.descriptors;
  result["more_threads"] = double(after.threads) - before.threads;
  result["children"] = double(after.children) - before.children;
  trim_heap();
  result["heap"] = (double(read_usage().heap) - heap) / count;
  return result;
}

void add_all(const amounts& x) {
  auto n = x.repetitions;
  // First, before another benchmark leaves memory that could be used again.
  add("idle", 1, [=](int) { return idle(x.idle_sessions, x.idle_interval); });
  add("pipe", n,
      [=](int i) { return flood(stdio_kind::pipes, x.pipe_bytes, i); });
  add("pty", n, [=](int i) { return flood(stdio_kind::pty, x.pty_bytes, i); });
  add("echo", n, [=](int i) { return echo(x.echoes, i); });
  add("spawn", n, [=](int i) { return spawn(x.spawns, 0, i); });
  add("spawn_1gib", n, [=](int i) { return spawn(x.spawns, 1024 * mib, i); });
  add("exec", n, [=](int i) { return exec(x.spawns, i); });
  add("fanout", n, [=](int) { return fanout(x.fanout_bytes); });
  add("runner_pipe", n,
      [=](int i) { return runner_flood(stdio_kind::pipes, x.pipe_bytes, i); });
  add("runner_pty", n,
      [=](int i) { return runner_flood(stdio_kind::pty, x.pty_bytes, i); });
  add("runner_echo", n, [=](int i) { return runner_echo(x.echoes, i); });
  add("runner_spawn", n, [=](int i) { return runner_spawn(x.spawns, i); });
  add("leak", 1, [=](int) { return leak(x.leak_spawns); });
}

std::vector<row> rows() {
  using kind = goal::kind;
  constexpr auto to_mib = 1. / mib;
  auto at_least = [](double x) { return goal{kind::ratio_at_least, x}; };
  auto at_most = [](double x) { return goal{kind::ratio_at_most, x}; };
  auto below = [](double x) { return goal{kind::value_at_most, x}; };
  return {
    {"pipe", "pipe throughput", "session", "plain", "MiB/s", to_mib,
     at_least(.7)},
    {"pty", "PTY throughput", "session", "plain", "MiB/s", to_mib,
     at_least(.9)},
    {"echo", "echo over a PTY, mean", "session_mean", "plain_mean", "us", 1e6,
     at_most(4)},
    {"echo", "echo over a PTY, median", "session_median", "plain_median", "us",
     1e6, at_most(4)},
    {"spawn", "spawn to exit", "session", "plain", "1/s", 1, at_least(.7)},
    {"spawn_1gib", "spawn to exit, 1 GiB resident", "session", "plain", "1/s",
     1, at_least(.7)},
    {"exec", "command over the exec tool", "tool", "session", "us", 1e6,
     at_most(1.5)},
    {"fanout", "1 subscriber", "session_1", "plain", "ms/GiB", 1e3, {}},
    {"fanout", "8 subscribers", "session_8", "plain", "ms/GiB", 1e3, {}},
    {"fanout", "64 subscribers", "session_64", "plain", "ms/GiB", 1e3, {}},
    {"fanout", "64 subscribers against 1", "session_64", "session_1", "ms/GiB",
     1e3, at_most(3)},
    {"idle", "memory of an idle session", "session_bytes", "plain_bytes", "KiB",
     1. / 1024, below(32)},
    {"idle", "threads for all idle sessions", "more_threads", "", "", 1,
     below(0)},
    {"idle", "wakeups while all are idle", "wakeups", "", "", 1, below(0)},
    {"idle", "processor time while idle", "cpu", "", "ms/s", 1e3, below(1)},
    {"runner_pipe", "pipe, runner against local", "runner", "local", "MiB/s",
     to_mib, at_least(.5)},
    {"runner_pty", "PTY, runner against local", "runner", "local", "MiB/s",
     to_mib, at_least(.9)},
    {"runner_echo", "echo, runner against local, mean", "runner_mean",
     "local_mean", "us", 1e6, at_most(3)},
    {"runner_echo", "echo, runner against local, median", "runner_median",
     "local_median", "us", 1e6, at_most(3)},
    {"runner_spawn", "spawn to exit, runner against local", "runner", "local",
     "1/s", 1, at_least(.7)},
    {"leak", "spawns at eight a time", "rate", "", "1/s", 1, {}},
    {"leak", "descriptors they leave", "descriptors", "", "", 1, below(0)},
    {"leak", "threads they leave", "more_threads", "", "", 1, below(0)},
    {"leak", "children, zombies too, they leave", "children", "", "", 1,
     below(0)},
    {"leak", "heap that each leaves", "heap", "", "bytes", 1, {}},
  };
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  auto what = amounts{};
  if (argc > 1 && argv[1] == std::string_view{"--short"}) {
    what = short_amounts();
    argv[1] = argv[0];
    ++argv;
    --argc;
  }
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  raise_descriptor_limit();
  add_all(what);
  table report{rows()};
  benchmark::RunSpecifiedBenchmarks(&report);
  return report.ok() ? 0 : 1;
}

} // namespace

} // namespace procession::bench

int main(int argc, char** argv) {
  if (procession::bench::play_child(argc, argv))
    return 0;
  return procession::bench::run(argc, argv);
}
