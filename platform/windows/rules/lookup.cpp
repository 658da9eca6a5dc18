#include "procession/platform/windows/rules/lookup.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace procession::windows {

namespace {

/// The endings that CreateProcess starts, by itself or with cmd.exe.
constexpr std::array<std::string_view, 4> runnable{".com", ".exe", ".bat",
                                                   ".cmd"};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_separator(char c) {
  return c == '/' || c == '\\';
}

bool is_absolute(std::string_view x) {
  auto drive = x.size() >= 2 && x[1] == ':';
  return (!x.empty() && is_separator(x.front())) || drive;
}

std::string join(std::string_view directory, std::string_view name) {
  std::string result{directory};
  if (!result.empty() && !is_separator(result.back()))
    result += '\\';
  return result.append(name);
}

/// Splits at semicolons outside quotes, and removes the quotes.
std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> result(1);
  auto quoted = false;
  for (auto c : list) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ';' && !quoted)
      result.emplace_back();
    else
      result.back() += c;
  }
  std::erase_if(result, [](const std::string& x) { return x.empty(); });
  return result;
}

std::vector<std::string> endings_of(const lookup_terms& terms) {
  if (!terms.endings)
    return {runnable.begin(), runnable.end()};
  auto result = split(*terms.endings);
  for (auto& x : result)
    std::transform(x.begin(), x.end(), x.begin(), lower);
  std::erase_if(result, [](const std::string& x) {
    return std::find(runnable.begin(), runnable.end(), x) == runnable.end();
  });
  return result;
}

bool has_ending(std::string_view program) {
  auto name = program.substr(program.find_last_of("/\\:") + 1);
  auto dot = name.rfind('.');
  return dot != std::string_view::npos && dot > 0;
}

} // namespace

bool ends_with_ignoring_case(std::string_view x, std::string_view ending) {
  return x.size() >= ending.size()
         && std::equal(ending.begin(), ending.end(), x.end() - ending.size(),
                       [](char a, char b) { return a == lower(b); });
}

bool is_bare_name(std::string_view name) {
  return name.find_first_of("/\\:") == std::string_view::npos;
}

std::vector<std::string> candidates(std::string_view program,
                                    const lookup_terms& terms) {
  auto in_cwd = [&](std::string_view path) {
    return terms.cwd.empty() || is_absolute(path) ? std::string{path}
                                                  : join(terms.cwd, path);
  };
  std::vector<std::string> stems;
  if (!is_bare_name(program))
    stems.push_back(in_cwd(program));
  else
    for (auto& directory :
         terms.path ? split(*terms.path) : terms.system_directories)
      stems.push_back(join(in_cwd(directory), program));
  auto endings = endings_of(terms);
  std::vector<std::string> result;
  for (auto& stem : stems) {
    if (has_ending(program))
      result.push_back(stem);
    for (auto& ending : endings)
      result.push_back(stem + ending);
    // The name of the program at a path may have no ending.
    if (!has_ending(program) && !is_bare_name(program))
      result.push_back(stem);
  }
  return result;
}

} // namespace procession::windows
