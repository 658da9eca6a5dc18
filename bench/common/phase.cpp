#include "phase.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <stdexcept>
#include <string>

namespace procession::bench {

namespace {

constexpr double mib = 1024 * 1024;

} // namespace

void phase::stop() {
  if (seconds_ >= 0)
    return;
  seconds_ = std::chrono::duration<double>{clock::now() - start_}.count();
  auto now = read_usage();
  used_ = {now.cpu - before_.cpu,
           now.voluntary_switches - before_.voluntary_switches,
           now.involuntary_switches - before_.involuntary_switches};
}

void phase::print(double operations) const {
  bench::print("seconds", seconds_);
  bench::print("operations", operations);
  bench::print("cpu_s", used_.cpu);
  bench::print("nvcsw", static_cast<double>(used_.voluntary_switches));
  bench::print("nivcsw", static_cast<double>(used_.involuntary_switches));
}

void print(const char* name, double value) {
  std::printf("%s %.9g\n", name, value);
}

void print_flow(const phase& what, std::uint64_t bytes) {
  auto size = static_cast<double>(bytes) / mib;
  print("mib_per_s", size / what.seconds());
  what.print(size);
}

void print_rate(const phase& what, std::uint64_t operations) {
  auto count = static_cast<double>(operations);
  print("per_s", count / what.seconds());
  what.print(count);
}

void expect_bytes(std::uint64_t got, std::uint64_t expected) {
  if (got != expected)
    throw std::runtime_error{std::to_string(got) + " bytes instead of "
                             + std::to_string(expected)};
}

void print_times(std::vector<double> times) {
  if (times.empty())
    throw std::runtime_error{"nothing was timed"};
  std::sort(times.begin(), times.end());
  constexpr auto us = 1e6;
  auto sum = std::accumulate(times.begin(), times.end(), 0.);
  print("p50_us", times[times.size() / 2] * us);
  print("p99_us", times[times.size() * 99 / 100] * us);
  print("mean_us", sum / static_cast<double>(times.size()) * us);
}

} // namespace procession::bench
