#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

/// A declared command line as its help and its completions show it.
namespace procession {

/// An option that help shows.
struct option_entry {
  /// With their dashes, the short ones first.
  std::vector<std::string> names;
  /// As it is shown; empty if the option takes no value.
  std::string value;
  std::string description;
};

/// A program or one of its subcommands.
struct command_entry {
  const CLI::App* app = nullptr;
  /// Names from the program on: {"procession", "run"}.
  std::vector<std::string> path;
  std::vector<option_entry> options;
  /// As they are shown.
  std::vector<std::string> positionals;
  /// Names of its subcommands.
  std::vector<std::string> subcommands;

  /// Returns the path with spaces between the names.
  std::string name() const;
};

/// Returns the type of an option's value as it is shown: `TIME`, `pty|pipes`.
std::string type_of(const CLI::Option& x);

/// Returns the description of an option, with its default if it was captured.
std::string description_of(const CLI::Option& x);

/// Returns the program and all its subcommands, each before those below it,
/// without hidden ones (whose group is empty).
std::vector<command_entry> entries_of(const CLI::App& program);

} // namespace procession
