// Repl: drives an interactive Python on a terminal of its own.
//
// What it shows:
//   - a program that would not show prompts on a pipe does on a terminal;
//   - waiting for a prompt means reading what comes until it is there: never
//     sleeping and hoping;
//   - the program sees its terminal being resized;
//   - closing its input types the end-of-file key, and a REPL ends in order.
//
// It uses the blocking face of sessions (process_handle.hpp), as a program
// without actors would. All output, of which nothing is lost between reads,
// comes through `process_output`.
#include <procession/actors/host.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace {

/// A conversation with a REPL: say something, hear what it answers.
class conversation {
public:
  explicit conversation(procession::spawned_process repl)
    : repl_(std::move(repl)) {
    // nop
  }

  /// Reads up to the next prompt. @returns what came before it.
  std::string hear() {
    for (;;) {
      auto at = heard_.find(prompt);
      if (at != std::string::npos) {
        auto answer = heard_.substr(0, at);
        heard_.erase(0, at + prompt.size());
        return answer;
      }
      // Chunks end anywhere, also in the middle of a prompt.
      auto chunk = check(repl_.output.next(10s));
      if (!chunk)
        throw std::runtime_error("the REPL ended instead of answering");
      heard_ += chunk->bytes.text();
    }
  }

  /// Types a line. @returns what comes back before the next prompt: the
  /// terminal shows what is typed, as to a person, and then the answer.
  std::string say(const std::string& line) {
    check(repl_.process.write(line + "\n"));
    return hear();
  }

  /// Resizes the terminal.
  void resize(procession::terminal_size size) {
    if (auto done = repl_.process.resize(size); !done)
      throw std::runtime_error(procession::describe(done.error()));
  }

  /// Ends the REPL by the end of its input. @returns how it ended.
  procession::exit_status leave() {
    repl_.process.close_stdin();
    while (check(repl_.output.next(10s)))
      continue;
    return check(repl_.process.wait());
  }

private:
  template <class T>
  static T check(caf::expected<T> x) {
    if (!x)
      throw std::runtime_error(procession::describe(x.error()));
    return std::move(*x);
  }

  inline static const std::string prompt = ">>> ";

  procession::spawned_process repl_;
  std::string heard_;
};

int talk(const procession::host& host) {
  // -I and a dumb terminal: without its own line editor, which would draw the
  // prompt anew whenever it likes.
  auto python = host.spawn({.program = "python3",
                            .args = {"-q", "-i", "-I"},
                            .env = {.set = {{"TERM", "dumb"}}},
                            .stdio = procession::pty({30, 100})});
  if (!python) {
    std::cerr << procession::describe(python.error()) << '\n';
    return EXIT_FAILURE;
  }
  conversation repl{std::move(*python)};
  repl.hear();
  std::cout << ">>> " << repl.say("6 * 7") << std::flush;
  repl.say("import os, sys");
  std::cout << ">>> " << repl.say("sys.stdin.isatty()") << std::flush;
  std::cout << ">>> " << repl.say("tuple(os.get_terminal_size())")
            << "-- now it is resized to 40 columns, 12 rows\n";
  repl.resize({12, 40});
  auto size = repl.say("tuple(os.get_terminal_size())");
  std::cout << ">>> " << size;
  auto status = repl.leave();
  std::cout << "-- its input was closed: " << to_string(status) << '\n';
  auto seen = size.find("(40, 12)") != std::string::npos;
  return seen && procession::success(status) ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main() {
  try {
    procession::host host;
    return talk(host);
  } catch (const std::exception& x) {
    std::cerr << "repl: " << x.what() << '\n';
    return EXIT_FAILURE;
  }
}
