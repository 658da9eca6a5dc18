// Repl: drives an interactive Python on a terminal of its own.
//
// What it shows:
//   - a program that does not show prompts on a pipe shows them on a terminal;
//   - waiting for a prompt means reading until it has come, never sleeping and
//     hoping;
//   - the program sees that its terminal is resized;
//   - closing its input types the end-of-file key, and the REPL ends in order.
//
// It uses the blocking interface of sessions (process_handle.hpp), as a program
// without actors would. `expect_output` reads up to a text and keeps the output
// after it for the next call.
#include <procession/actors/host.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace {

/// Returns the value, or throws an exception that says why there is none.
template <class T>
T check(caf::expected<T> x) {
  if (!x)
    throw std::runtime_error(procession::describe(x.error()));
  return std::move(*x);
}

/// A conversation with a REPL: say something, hear the answer.
class conversation {
public:
  explicit conversation(procession::spawned_process repl)
    : repl_(std::move(repl.process)), output_(std::move(repl.output)) {
    // nop
  }

  /// Reads up to the next prompt. @returns the output before it.
  std::string hear() {
    auto got = check(output_.expect({{">>> "}}, 10s));
    if (!got.pattern)
      throw std::runtime_error("the REPL ended instead of answering");
    return got.before;
  }

  /// Types a line. @returns the output before the next prompt: the terminal
  /// echoes the line, as for a person, and then shows the answer.
  std::string say(const std::string& line) {
    check(repl_.write(line + "\n"));
    return hear();
  }

  void resize(procession::terminal_size size) {
    if (auto done = repl_.resize(size); !done)
      throw std::runtime_error(procession::describe(done.error()));
  }

  /// Ends the REPL by closing its input. @returns how it ended.
  procession::exit_status leave() {
    repl_.close_stdin();
    // The end of the output ends the wait, too.
    check(output_.expect({{">>> "}}, 10s));
    return check(repl_.wait());
  }

private:
  procession::process_handle repl_;
  procession::expect_output output_;
};

int talk(const procession::host& host) {
  // Python's console without a line editor, which would redraw the prompt at
  // any time.
  auto console = "import code; code.InteractiveConsole().interact('', '')";
  conversation repl{check(host.spawn({.program = "python3",
                                      .args = {"-I", "-c", console},
                                      .stdio = procession::pty({30, 100})}))};
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
