#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The lookup of Windows programs. CreateProcess begins beside our own program
/// and in the current directory; this does not, as a file there could replace
/// the intended program.
namespace procession::windows {

/// The child's values that the lookup depends on.
struct lookup_terms {
  /// Its PATH; empty if it has no such variable.
  std::optional<std::string> path;
  /// Its PATHEXT, the possible endings of a program; empty: the usual ones.
  std::optional<std::string> endings;
  /// Its working directory; empty: ours.
  std::string cwd;
  /// The replacement for a missing PATH.
  std::vector<std::string> system_directories;
};

/// The files to try, in order; the first that exists is the program.
///
/// A name with a slash, a backslash or a drive is a path; relative ones start
/// in the child's directory. Other names are looked up in its PATH, entry by
/// entry and ending by ending; entries may be quoted, and empty ones are
/// skipped. A name that has an ending is first tried as it is; then with each
/// ending of PATHEXT that Windows can run: .com, .exe, .bat, .cmd.
std::vector<std::string> candidates(std::string_view program,
                                    const lookup_terms& terms);

/// Whether `name` is looked up, instead of a path.
bool is_bare_name(std::string_view name);

/// Compares as Windows does, in ASCII. @pre `ending` is in lower case.
bool ends_with_ignoring_case(std::string_view x, std::string_view ending);

} // namespace procession::windows
