#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

/// What the helper program `actor` needs of the operating system, unbuffered.
namespace actor {

/// The words that we were started with, without our name, in UTF-8.
std::vector<std::string> words(int argc, char** argv);

/// A variable of the environment, in UTF-8; "none" if there is none.
std::string variable(const std::string& name);

/// The working directory, in UTF-8.
std::string directory();

/// Reads standard input. @returns 0 at its end.
std::size_t read_input(std::span<char> to);

/// Writes all of it to standard output (1) or error output (2).
/// @returns whether that worked.
bool write_output(int stream, std::span<const char> bytes);

/// Closes standard input (0), output (1) or error output (2).
void close_stream(int stream);

std::int64_t own_pid();

/// Starts this program again, with other words, without input and out of reach
/// of its parent's process group. @param silent without output too.
/// @returns its pid, once that is so.
std::int64_t start_self(const std::vector<std::string>& words, bool silent);

/// Lets `f` run, on whatever thread, when we are interrupted, or asked to end;
/// null: that is ignored.
void on_interrupt(std::function<void()> f);
void on_terminate(std::function<void()> f);

/// "rows cols" of the terminal that standard output is; "none" if it is none.
std::string terminal_size();

/// Lets a terminal pass bytes as they are, without echo.
void set_raw();

/// Ends at once: no buffer is flushed, nothing is destroyed.
[[noreturn]] void leave(std::uint32_t code);

} // namespace actor
