#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace procession {

/// Generates the `--help`, the man page and the shell completions of one of our
/// programs from its one declaration.
///
/// A footer is plain text. In it
/// - a line that ends with a colon and follows an empty one begins a section,
/// - lines that begin with two spaces and have two more in them are a list of
///   terms and their meanings; lines with more spaces continue it,
/// - other lines that begin with spaces are shown as they are,
/// - all others are paragraphs, with empty lines between.
///
/// The name of a type tells how a value is completed: as a DIR, FILE, PATH,
/// USER or COMMAND, or as a choice of words with | between them. Other values
/// are not completed.
class manual {
public:
  /// Gives `app` the formatter of its help, and `--version`. To be created
  /// before a subcommand is added, which inherits the formatter. `app` must
  /// outlive this.
  /// @param version as `--version` shows it: the name and a number.
  manual(CLI::App& app, std::string version);
  manual(const manual&) = delete;
  manual& operator=(const manual&) = delete;

  /// Declares that -- and the command line of another program follow a
  /// subcommand, or the program itself.
  void takes_program(const CLI::App& command);

  /// Returns the usage lines of a command and of its subcommands.
  std::string usage(const CLI::App& command) const;

  /// Returns a page for man(1), section 1, in the macros of man(7).
  /// @param date of the page, as in 2026-01-31.
  std::string man_page(const std::string& date) const;

  std::string bash_completion() const;
  std::string zsh_completion() const;
  std::string fish_completion() const;

  /// Prints the document that the arguments `--document man DATE` or
  /// `--document bash|zsh|fish` ask for. The build generates the documents in
  /// this way.
  /// @returns false for other arguments.
  bool print_document(const std::vector<std::string>& args) const;

  /// Prints the answer to `--help` or `--version`, which CLI11 throws.
  /// @returns the exit code; nothing if `x` is an error.
  std::optional<int> print_answer(const CLI::ParseError& x) const;

private:
  class formatter;

  std::optional<std::string>
  document(const std::vector<std::string>& args) const;
  bool followed_by_program(const CLI::App& command) const;

  const CLI::App& app_;
  std::string version_;
  std::vector<const CLI::App*> programs_;
};

} // namespace procession
