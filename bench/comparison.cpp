#include "comparison.hpp"

#include "time.hpp"

#include <benchmark/benchmark.h>

#include <memory>

namespace procession::bench {

void in_turns(int repetition, const std::function<void()>& ours,
              const std::function<void()>& rival) {
  if (repetition % 2 == 0)
    rival();
  ours();
  if (repetition % 2 != 0)
    rival();
}

void add(const char* name, int repetitions,
         std::function<readings(int repetition)> f) {
  auto repetition = std::make_shared<int>(0);
  auto run = [=](benchmark::State& state) {
    try {
      for (auto _ : state) {
        stopwatch time;
        for (auto& [key, value] : f((*repetition)++))
          state.counters[key] = value;
        state.SetIterationTime(time.seconds());
      }
    } catch (const std::exception& x) {
      state.SkipWithError(x.what());
    }
  };
  benchmark::RegisterBenchmark(name, run)
    ->Iterations(1)
    ->Repetitions(repetitions)
    ->UseManualTime();
}

} // namespace procession::bench
