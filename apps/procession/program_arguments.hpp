#pragma once

#include <string>
#include <vector>

namespace procession::cli {

/// The words that our program was started with, without its name; on Windows,
/// where `main` gets them in another encoding, in UTF-8 too.
std::vector<std::string> program_arguments(int argc, char** argv);

} // namespace procession::cli
