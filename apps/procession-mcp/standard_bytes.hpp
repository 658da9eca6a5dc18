#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Waits for some bytes of our standard input and reads them.
/// @returns 0 at its end, or if it cannot be read.
std::size_t read_input(std::span<char> buffer);

/// Writes everything to our standard output.
/// @returns false if it cannot be written.
bool write_output(std::string_view text);

/// Makes a write fail, instead of ending us, when the client is gone. To be
/// called before the first write.
void prepare_output();

/// Returns the words before a command for this system's shell: bash, which
/// agents expect, if it is installed.
std::vector<std::string> agent_shell();
