#pragma once

#include <string>
#include <vector>

namespace procession::cli {

/// Returns the arguments of our program without its name. They are in UTF-8 on
/// Windows, too, where `main` gets them in another encoding.
std::vector<std::string> program_arguments(int argc, char** argv);

} // namespace procession::cli
