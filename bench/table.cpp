#include "table.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

namespace procession::bench {

namespace {

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  auto middle = x.size() / 2;
  return x.size() % 2 != 0 ? x[middle] : (x[middle - 1] + x[middle]) / 2;
}

/// Formats three significant digits, but always all before the point.
std::string number(double x) {
  char text[32];
  auto digits = x >= 100 ? 0 : x >= 10 ? 1 : x >= 1 ? 2 : 3;
  std::snprintf(text, sizeof(text), "%.*f", x == 0 ? 0 : digits, x);
  return text;
}

void print_cells(const char* title, const std::string& ours,
                 const std::string& rival, const std::string& unit,
                 const std::string& ratio, const std::string& target,
                 const std::string& verdict) {
  std::printf("%-36s %9s %9s %-7s %7s %9s %s\n", title, ours.c_str(),
              rival.c_str(), unit.c_str(), ratio.c_str(), target.c_str(),
              verdict.c_str());
}

/// Returns why a repetition did not finish. Google Benchmark 1.8 renamed these
/// members.
template <class Run>
std::optional<std::string> error_of(const Run& x) {
  if constexpr (requires { x.error_occurred; })
    return x.error_occurred ? std::optional{x.error_message} : std::nullopt;
  else
    return x.skipped != 0 ? std::optional{x.skip_message} : std::nullopt;
}

} // namespace

bool table::ReportContext(const Context&) {
  std::fputs("measuring ", stdout);
  std::fflush(stdout);
  return true;
}

void table::ReportRuns(const std::vector<Run>& runs) {
  for (auto& run : runs) {
    auto why = error_of(run);
    if (why)
      errors_.push_back(run.run_name.function_name + ": " + *why);
    if (why || run.run_type != Run::RT_Iteration)
      continue;
    auto& values = done_[run.run_name.function_name].emplace_back();
    for (auto& [name, counter] : run.counters)
      values[name] = counter.value;
  }
  std::fputs(".", stdout);
  std::fflush(stdout);
}

void table::print(const row& x, const std::vector<readings>& repetitions) {
  std::vector<double> ours;
  std::vector<double> rivals;
  std::vector<double> ratios;
  for (auto& values : repetitions) {
    ours.push_back(values.at(x.ours) * x.scale);
    if (x.rival.empty())
      continue;
    rivals.push_back(values.at(x.rival) * x.scale);
    if (rivals.back() != 0)
      ratios.push_back(ours.back() / rivals.back());
  }
  auto value = median(ours);
  auto ratio = ratios.empty() ? 0. : median(ratios);
  auto limit = number(x.goal.limit);
  std::string target;
  auto reached = true;
  switch (x.goal.what) {
    case goal::kind::none:
      break;
    case goal::kind::ratio_at_least:
      target = ">= " + limit;
      reached = ratio >= x.goal.limit;
      break;
    case goal::kind::ratio_at_most:
      target = "<= " + limit;
      reached = ratio <= x.goal.limit;
      break;
    case goal::kind::value_at_most:
      target = "<= " + limit;
      reached = value <= x.goal.limit;
      break;
  }
  print_cells(x.title.c_str(), number(value),
              rivals.empty() ? "" : number(median(rivals)), x.unit,
              ratios.empty() ? "" : number(ratio), target,
              target.empty() ? ""
              : reached      ? "reached"
                             : "MISSED");
}

void table::Finalize() {
  std::fputs("\n\n", stdout);
  print_cells("", "session", "plain", "", "ratio", "target", "");
  for (auto& x : rows_)
    if (auto i = done_.find(x.benchmark); i != done_.end())
      print(x, i->second);
  for (auto& x : errors_)
    std::printf("FAILED %s\n", x.c_str());
  std::fflush(stdout);
}

} // namespace procession::bench
