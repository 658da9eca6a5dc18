#pragma once

#include "run_command.hpp"

#include "common/manual.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace procession::cli {

/// The command line of `procession run`.
class run_arguments {
public:
  /// Declares the subcommand. `app` is not copied; this must not move and must
  /// live while `app` parses.
  run_arguments(CLI::App& app, manual& pages);
  run_arguments(const run_arguments&) = delete;
  run_arguments& operator=(const run_arguments&) = delete;

  /// Whether to log each step.
  bool verbose() const noexcept {
    return verbose_;
  }

  /// Returns the run that the arguments ask for.
  /// @param words the arguments after `--`: the program and its arguments.
  /// @throws CLI::ParseError if they are invalid.
  run_options interpret(const std::vector<std::string>& words) const;

private:
  std::optional<stdio_kind> chosen_stdio() const;
  std::optional<runner_options> chosen_runner() const;
  stdio_spec streams() const;

  CLI::App* command_;
  std::string stdio_;
  bool pty_ = false;
  bool pipes_ = false;
  std::string stdin_ = "ours";
  bool json_ = false;
  bool verbose_ = false;
  std::optional<std::string> user_;
  std::optional<std::string> runner_;
  std::string cwd_;
  std::vector<std::string> env_;
  std::string timeout_ = "0";
  std::string grace_ = "5s";
  std::string size_;
  std::string escape_ = "~";
};

} // namespace procession::cli
