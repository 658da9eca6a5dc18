#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// The orders of a session's program: words of its command line.
namespace procession::soak {

/// The program's use of its standard input.
enum class input_use : std::uint8_t {
  /// Does not read it.
  ignore,
  /// Compares it with the pattern.
  check,
  /// Compares it with the pattern and writes it to its standard output.
  echo,
};

/// The way in which the program ends.
enum class ending : std::uint8_t {
  /// It exits with a code.
  code,
  /// It raises a signal.
  signal,
  /// It waits until it is ended.
  none,
};

/// A kind of descendant that waits until it is ended. All of them ignore
/// SIGHUP.
enum class descendant : std::uint8_t {
  plain,
  /// In a session of its own.
  apart,
  /// Forked twice, in a session of its own, executed with no environment.
  daemon,
  /// Ignores the signals that ask to end.
  stubborn,
  /// Its main thread has ended, and another one runs and ignores the signals
  /// that ask to end.
  threaded,
  /// Not dumpable: others may not read its environment.
  hidden,
  /// Has stopped itself.
  stopped,
};

inline constexpr auto last_descendant = descendant::stopped;

/// The program's own exit codes, above those that the soak asks for.
enum verdict : int {
  /// Output could not be written.
  output_failed = 96,
  /// More input came than was announced.
  input_too_long = 97,
  /// Input ended before its time.
  input_too_short = 98,
  /// Input was not the pattern.
  input_wrong = 99,
  /// Its orders were not understood, or it could not do as told.
  unable = 100,
};

struct orders {
  /// File to which each process appends a line when it begins.
  std::string report;
  /// The number of the session.
  std::uint64_t number = 0;
  /// The seed of the program's own choices.
  std::uint32_t seed = 0;
  /// Seeds of the streams, and their sizes in bytes.
  std::uint32_t out_seed = 0;
  std::uint32_t err_seed = 0;
  std::uint32_t in_seed = 0;
  std::uint64_t out = 0;
  std::uint64_t err = 0;
  std::uint64_t in = 0;
  input_use use = input_use::ignore;
  /// Input ends after `in` bytes (a pipe does; a terminal does not).
  bool input_ends = false;
  /// Standard input is a terminal, to be switched to raw mode.
  bool terminal = false;
  /// Descriptor to which a line is written when input may come; 0 if there is
  /// none.
  int notify = 0;
  /// The longest pause in microseconds; 0 for no pauses.
  unsigned pause = 0;
  /// Whether it ignores the signals that ask to end.
  bool stubborn = false;
  std::vector<descendant> tree;
  /// Whether descendants keep the standard streams.
  bool tree_holds = false;
  ending end = ending::code;
  /// Exit code or number of the signal.
  int value = 0;
};

/// Returns the words of a command line, without the program's name.
std::vector<std::string> to_words(const orders& x);

/// Reads the words; throws a `std::exception` if they are not orders.
orders from_words(int argc, char** argv);

} // namespace procession::soak
