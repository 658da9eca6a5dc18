#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Reads some bytes of our standard input, waiting for them. @returns 0 at its
/// end, which is also that nobody can read it.
std::size_t read_input(std::span<char> buffer);

/// Writes everything to our standard output. @returns false if nobody reads.
bool write_output(std::string_view text);

/// A client that is gone is the end of a write, not of us. To be called before
/// the first write.
void prepare_output();

/// The words before a command for this system's shell: bash, which agents
/// expect, where there is one.
std::vector<std::string> agent_shell();
