#include "procession/platform/windows/rules/quoting.hpp"

#include "procession/platform/windows/rules/lookup.hpp"

#include <algorithm>
#include <cstddef>

namespace procession::windows {

namespace {

/// Whether cmd.exe takes the character literally in any place. Beyond ASCII
/// none has a special meaning.
bool is_plain(char c) {
  constexpr auto harmless = std::string_view{"#$*+-./:?@\\_"};
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9')
         || (static_cast<unsigned char>(c) & 0x80) != 0
         || harmless.find(c) != std::string_view::npos;
}

bool has_line_break(std::string_view x) {
  return x.find_first_of("\r\n") != std::string_view::npos;
}

void append_batch_argument(std::string& to, std::string_view x) {
  // A backslash at the end is quoted so that it cannot affect the text after
  // it.
  auto quoted = x.empty() || x.back() == '\\'
                || !std::all_of(x.begin(), x.end(), is_plain);
  if (quoted)
    to += '"';
  std::size_t backslashes = 0;
  for (auto c : x) {
    if (c == '"')
      // A doubled quote is one for cmd.exe and for the C runtime; the
      // backslashes before it are for the latter.
      to.append(backslashes, '\\').append(1, '"');
    else if (c == '%')
      // An empty part of a variable that always exists, between two signs: one
      // sign cannot be escaped on the command line.
      to += "%%cd:~,";
    backslashes = c == '\\' ? backslashes + 1 : 0;
    to += c;
  }
  if (quoted)
    to.append(backslashes, '\\').append(1, '"');
}

} // namespace

std::string quote_argument(std::string_view x) {
  if (!x.empty() && x.find_first_of(" \t\n\v\"") == std::string_view::npos)
    return std::string{x};
  std::string result{"\""};
  std::size_t backslashes = 0;
  for (auto c : x) {
    if (c == '"')
      result.append(backslashes + 1, '\\');
    backslashes = c == '\\' ? backslashes + 1 : 0;
    result += c;
  }
  result.append(backslashes, '\\');
  result += '"';
  return result;
}

std::optional<std::string>
make_command_line(std::string_view argv0,
                  const std::vector<std::string>& args) {
  if (argv0.find('"') != std::string_view::npos)
    return std::nullopt;
  std::string result{"\""};
  result.append(argv0).append(1, '"');
  for (auto& arg : args)
    result.append(1, ' ').append(quote_argument(arg));
  return result;
}

std::optional<std::string>
make_batch_command_line(std::string_view shell, std::string_view script,
                        const std::vector<std::string>& args) {
  if (script.find_first_of("\"\r\n") != std::string_view::npos
      || shell.find('"') != std::string_view::npos
      || std::any_of(args.begin(), args.end(), has_line_break))
    return std::nullopt;
  std::string result{"\""};
  // One pair of quotes around all of it, which cmd.exe removes.
  result.append(shell).append("\" /e:ON /v:OFF /d /c \"\"");
  for (auto c : script) {
    if (c == '%')
      result += "%%cd:~,";
    result += c;
  }
  result += '"';
  for (auto& arg : args) {
    result += ' ';
    append_batch_argument(result, arg);
  }
  result += '"';
  return result;
}

bool is_batch_file(std::string_view path) {
  return ends_with_ignoring_case(path, ".bat")
         || ends_with_ignoring_case(path, ".cmd");
}

} // namespace procession::windows
