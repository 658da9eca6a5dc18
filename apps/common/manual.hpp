#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace procession {

/// Makes the `--help`, the man page and the shell completions of one of our
/// programs from its one declaration.
///
/// A footer is plain text. In it
/// - a line that ends with a colon and follows an empty one begins a section,
/// - lines that begin with two spaces and have two more in them are a list of
///   terms and what they mean; lines with more spaces continue it,
/// - other lines that begin with spaces are shown as they are,
/// - all others make paragraphs, with empty lines between.
///
/// The name of a type tells what completes a value: DIR, FILE, PATH, USER or
/// COMMAND; words with | between them are a choice; nothing else is completed.
class manual {
public:
  /// Gives `app` the formatter of its help; to be made before a subcommand is
  /// added, as that takes it over. `app` outlives it.
  /// @param version as `--version` tells it: the name and a number.
  manual(CLI::App& app, std::string version);
  manual(const manual&) = delete;
  manual& operator=(const manual&) = delete;

  /// Says that a subcommand, or the program, is followed by -- and the command
  /// line of another program.
  void takes_program(const CLI::App& command);

  /// The lines of the usage of a command, with those of its subcommands.
  std::string usage(const CLI::App& command) const;

  /// A page for man(1), section 1, in the macros of man(7).
  /// @param date of the page, as in 2026-01-31.
  std::string man_page(const std::string& date) const;

  std::string bash_completion() const;
  std::string zsh_completion() const;
  std::string fish_completion() const;

  /// The document that the arguments `--document man DATE` or `--document
  /// bash|zsh|fish` ask for, by which the build makes them; nothing for all
  /// other arguments.
  std::optional<std::string>
  document(const std::vector<std::string>& args) const;

private:
  class formatter;

  bool followed_by_program(const CLI::App& command) const;

  const CLI::App& app_;
  std::string version_;
  std::vector<const CLI::App*> programs_;
};

} // namespace procession
