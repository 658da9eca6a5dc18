#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// What a session's program is told to do: words of its command line.
namespace procession::soak {

/// What the program does with its standard input.
enum class input_use : std::uint8_t {
  /// Nothing.
  ignore,
  /// Compares it with the pattern.
  check,
  /// Compares it with the pattern and writes it to its standard output.
  echo,
};

/// How the program comes to its end.
enum class ending : std::uint8_t {
  /// It exits with a code.
  code,
  /// It raises a signal.
  signal,
  /// It waits until it is ended.
  none,
};

/// A descendant that waits until it is ended. All of them ignore SIGHUP.
enum class descendant : std::uint8_t {
  plain,
  /// In a session of its own.
  apart,
  /// Forked twice, in a session of its own, executed with no environment.
  daemon,
  /// Ignores the signals that ask to end.
  stubborn,
  /// Its main thread has ended, another one runs and ignores what asks to end.
  threaded,
  /// Not dumpable: others may not read its environment.
  hidden,
  /// Has stopped itself.
  stopped,
};

inline constexpr auto last_descendant = descendant::stopped;

/// Exit codes that the soak asks for are below; these are the program's own.
enum verdict : int {
  /// Output could not be written.
  output_failed = 96,
  /// More input came than there was to come.
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
  /// Number of the session.
  std::uint64_t number = 0;
  /// Of the program's own choices.
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
  /// Standard input is a terminal, which is to be made raw.
  bool terminal = false;
  /// Descriptor to which a line is written when input may come; 0: none.
  int notify = 0;
  /// The longest pause in microseconds; 0: none.
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

/// The words of a command line, the program's name left out.
std::vector<std::string> to_words(const orders& x);

/// Reads the words; throws `std::exception` if they are no orders.
orders from_words(int argc, char** argv);

} // namespace procession::soak
