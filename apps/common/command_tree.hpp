#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>
#include <vector>

/// A declaration of a command line as those who describe it see it.
namespace procession {

/// How a shell completes a value.
enum class value_kind {
  /// The option takes none.
  none,
  /// Nothing that we could guess.
  anything,
  directory,
  file,
  user,
  program,
  /// One of `option_entry::choices`.
  choice
};

/// An option that is shown.
struct option_entry {
  /// With their dashes, the short ones first.
  std::vector<std::string> names;
  /// As it is shown; empty: it takes no value.
  std::string value;
  std::string description;
  value_kind kind = value_kind::none;
  std::vector<std::string> choices;
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

  /// The names with `separator` between them.
  std::string name(std::string_view separator = " ") const;
};

/// The type of an option's value as it is shown: `TIME`, `pty|pipes`.
std::string type_of(const CLI::Option& x);

/// The description of an option, with its default if that was captured.
std::string description_of(const CLI::Option& x);

/// The program and all its subcommands, each before those below it. Hidden ones
/// (whose group is empty) are left out.
std::vector<command_entry> entries_of(const CLI::App& program);

} // namespace procession
