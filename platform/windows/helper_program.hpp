#pragma once

#include <string>
#include <string_view>

namespace procession::windows {

/// Path of a program that belongs to the library, in UTF-8: beside our own
/// program, or else where it was installed.
std::string helper_program(std::string_view name);

} // namespace procession::windows
