// Measures sessions beside the plain system calls that do the same, and those
// of a runner beside those of this process, turn by turn. Under Wine only the
// ratios mean anything.
#include "../child.hpp"
#include "../comparison.hpp"
#include "../sessions.hpp"
#include "../table.hpp"
#include "plain.hpp"

#include <benchmark/benchmark.h>

namespace procession::bench {

namespace {

constexpr std::uint64_t mib = 1024 * 1024;
constexpr auto repetitions = 3;
constexpr auto flood_bytes = 64 * mib;
constexpr std::size_t echoes = 500;
constexpr std::size_t message_size = 16;

double flood_through(place where) {
  host sessions{where};
  // A runner takes time to start.
  sessions.echo(stdio_kind::pipes, 1, 1);
  return flood_bytes / sessions.flood(stdio_kind::pipes, flood_bytes, 1);
}

double echo_through(place where) {
  host sessions{where};
  sessions.echo(stdio_kind::pipes, 1, 1);
  return sessions.echo(stdio_kind::pipes, echoes, message_size).median;
}

/// Measures the bytes per second of a flood.
readings flood(int repetition) {
  readings result;
  in_turns(
    repetition, [&] { result["session"] = flood_through(place::here); },
    [&] { result["plain"] = flood_bytes / plain::flood(flood_bytes); });
  result["runner"] = flood_through(place::in_a_runner);
  return result;
}

/// Measures the seconds of a round trip.
readings echo(int repetition) {
  readings result;
  in_turns(
    repetition, [&] { result["session"] = echo_through(place::here); },
    [&] { result["plain"] = plain::echo(echoes, message_size).median; });
  result["runner"] = echo_through(place::in_a_runner);
  return result;
}

std::vector<row> rows() {
  constexpr auto to_mib = 1. / mib;
  auto at_least = [](double x) { return goal{goal::kind::ratio_at_least, x}; };
  return {
    {"pipe", "pipe throughput", "session", "plain", "MiB/s", to_mib,
     at_least(.5)},
    {"pipe",
     "pipe, runner against local",
     "runner",
     "session",
     "MiB/s",
     to_mib,
     {}},
    {"echo", "echo over pipes, median", "session", "plain", "us", 1e6, {}},
    {"echo", "echo, runner against local", "runner", "session", "us", 1e6, {}},
  };
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  add("pipe", repetitions, flood);
  add("echo", repetitions, echo);
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
