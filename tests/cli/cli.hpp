#pragma once

#include "procession/actors/process_handle.hpp"
#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"
#include "procession/platform/runtime.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace procession::test {

using strings = std::vector<std::string>;

/// Appends words to words.
inline strings operator+(strings x, const strings& y) {
  x.insert(x.end(), y.begin(), y.end());
  return x;
}

/// Longer than anything here takes; a test that waits this long has failed.
inline constexpr auto soon = std::chrono::seconds{20};

/// Returns the path of the `procession` built with this test; every user can
/// start it, and the other programs next to it.
const std::string& binary();

/// Sessions in which the command line is run.
class shell {
public:
  shell();

  /// Runs `procession` with `args` to its end. A command that hangs is ended,
  /// with `timed_out` set.
  run_result cli(std::vector<std::string> args, shared_bytes input = {});

  /// Runs `script` by sh(1), in which $P is `procession`.
  run_result script(const std::string& script);

  /// The same on a terminal without input.
  run_result on_terminal(const std::string& script, terminal_size size = {});

  /// Starts `script` by sh(1) on a terminal; $P is `procession` there.
  spawned_process start_script(const std::string& script);

  /// Starts `procession run` with `args`, on pipes or on a terminal.
  spawned_process start(std::vector<std::string> args,
                        stdio_spec stdio = pipes());

  /// Starts bash(1) with job control on a terminal; $P is `procession` there.
  spawned_process start_bash();

private:
  static command make_script(const std::string& script);
  spawned_process spawn(command spec);
  run_result run(command spec, shared_bytes input);

  runtime runtime_;
  config config_;
  caf::actor_system system_;
  spawner spawner_;
};

/// Reads until `text` has come; fails the test if it does not.
/// @returns everything read.
std::string read_until(process_output& from, const std::string& text);

/// Waits for the end. @returns the exit code as a shell shows it.
std::uint32_t exit_code(spawned_process& x);

} // namespace procession::test
