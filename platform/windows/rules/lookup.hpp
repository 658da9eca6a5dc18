#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Where Windows programs are looked for. Not as CreateProcess does it, which
/// begins beside our own program and in the current directory: whoever can put
/// a file there would be run in place of what was meant.
namespace procession::windows {

/// What the lookup depends on, all of it the child's.
struct lookup_terms {
  /// Its PATH; none: it has no such variable.
  std::optional<std::string> path;
  /// Its PATHEXT, the endings that a program may have; none: the usual ones.
  std::optional<std::string> endings;
  /// Its working directory; empty: ours.
  std::string cwd;
  /// What stands for a PATH that is not there.
  std::vector<std::string> system_directories;
};

/// The files to try, in order; the first that exists is the program.
///
/// A name with a slash, a backslash or a drive is a path, relative ones from
/// the child's directory. Others are looked up in its PATH, entry by entry and
/// ending by ending; entries may be quoted, and empty ones mean nothing. A name
/// is tried as it is if it has an ending; then with each of PATHEXT that
/// Windows can run: .com, .exe, .bat, .cmd.
std::vector<std::string> candidates(std::string_view program,
                                    const lookup_terms& terms);

/// Whether `name` is to be looked up rather than a path.
bool is_bare_name(std::string_view name);

/// Compares as Windows does, in ASCII. @pre `ending` is in lower case.
bool ends_with_ignoring_case(std::string_view x, std::string_view ending);

} // namespace procession::windows
