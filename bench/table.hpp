#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace procession::bench {

/// The goal by which a row of the table is judged.
struct goal {
  enum class kind { none, ratio_at_least, ratio_at_most, value_at_most };
  kind what = kind::none;
  double limit = 0;
};

/// One line of the table: two counters of a benchmark side by side.
struct row {
  std::string benchmark;
  std::string title;
  /// The counters' names: the measured one, and the one it is compared with
  /// (may be empty).
  std::string ours;
  std::string rival;
  std::string unit;
  /// A factor for the numbers shown.
  double scale = 1;
  bench::goal goal;
};

/// Prints a dot for every benchmark that is done and the table at the end: the
/// medians of both counters, and the median of the ratios of each repetition.
class table : public benchmark::BenchmarkReporter {
public:
  explicit table(std::vector<row> rows) : rows_(std::move(rows)) {
    // nop
  }

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

  /// Returns whether every benchmark ran without an error.
  bool ok() const noexcept {
    return errors_.empty();
  }

private:
  using readings = std::map<std::string, double>;

  void print(const row& x, const std::vector<readings>& repetitions);

  std::vector<row> rows_;
  std::map<std::string, std::vector<readings>> done_;
  std::vector<std::string> errors_;
};

} // namespace procession::bench
