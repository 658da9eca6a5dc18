#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

/// The operating system for the helper program `actor`, unbuffered.
namespace actor {

/// Returns the words of our command line, without our name, in UTF-8.
std::vector<std::string> words(int argc, char** argv);

/// Returns a variable of the environment, in UTF-8; "none" if there is none.
std::string variable(const std::string& name);

/// Returns the working directory, in UTF-8.
std::string directory();

/// Reads standard input. @returns 0 at its end.
std::size_t read_input(std::span<char> to);

/// Writes all of it to standard output (1) or error output (2).
/// @returns whether that worked.
bool write_output(int stream, std::span<const char> bytes);

/// Closes standard input (0), output (1) or error output (2).
void close_stream(int stream);

std::int64_t own_pid();

/// Starts this program again with other words, without input and outside of its
/// parent's process group. @param silent without output as well.
/// @returns its pid, once it runs so.
std::int64_t start_self(const std::vector<std::string>& words, bool silent);

/// Calls `f`, on any thread, when we are interrupted, or asked to end; null
/// ignores it.
void on_interrupt(std::function<void()> f);
void on_terminate(std::function<void()> f);

/// Returns "rows cols" of the terminal on standard output; "none" if it is not
/// a terminal.
std::string terminal_size();

/// Makes a terminal pass bytes as they are, without echo.
void set_raw();

/// Ends at once, without flushing buffers or destroying objects.
[[noreturn]] void leave(std::uint32_t code);

} // namespace actor
