#include "procession/platform/windows/program.hpp"

#include "procession/platform/windows/rules/environment_block.hpp"
#include "procession/platform/windows/rules/lookup.hpp"
#include "procession/platform/windows/rules/quoting.hpp"
#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace procession::windows {

namespace {

/// The longest command line, its end included (CreateProcessW).
constexpr std::size_t max_command_line = 32767;

int system_order(std::u16string_view x, std::u16string_view y) {
  auto a = to_wide(x);
  auto b = to_wide(y);
  return ::CompareStringOrdinal(a.data(), static_cast<int>(a.size()), b.data(),
                                static_cast<int>(b.size()), TRUE)
         - CSTR_EQUAL;
}

std::vector<std::u16string> own_environment() {
  std::vector<std::u16string> result;
  std::unique_ptr<wchar_t, decltype(&::FreeEnvironmentStringsW)> block{
    ::GetEnvironmentStringsW(), &::FreeEnvironmentStringsW};
  for (auto* entry = block.get(); entry != nullptr && *entry != L'\0';) {
    std::wstring_view text{entry};
    result.push_back(from_wide(text));
    entry += text.size() + 1;
  }
  return result;
}

bool is_directory(DWORD attributes) {
  return (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

std::optional<failure> check_cwd(const command& spec) {
  if (spec.cwd.empty())
    return std::nullopt;
  auto attributes = ::GetFileAttributesW(to_wide_path(spec.cwd).c_str());
  if (attributes == INVALID_FILE_ATTRIBUTES) {
    auto os_code = ::GetLastError();
    auto missing = os_code == ERROR_FILE_NOT_FOUND
                   || os_code == ERROR_PATH_NOT_FOUND
                   || os_code == ERROR_INVALID_NAME;
    return last_failure(
      missing ? errc::cwd_not_found : errc::cwd_not_usable, stage::chdir,
      "the working directory '" + spec.cwd + "' cannot be entered", os_code);
  }
  if (!is_directory(attributes))
    return last_failure(errc::cwd_not_usable, stage::chdir,
                        "the working directory '" + spec.cwd
                          + "' is not a directory",
                        ERROR_DIRECTORY);
  return std::nullopt;
}

/// Returns the first candidate that is a file.
expected<std::string> find_program(const command& spec,
                                   const environment_block& env) {
  lookup_terms terms;
  terms.path = env.get(u"PATH");
  terms.endings = env.get(u"PATHEXT");
  terms.cwd = spec.cwd;
  terms.system_directories = {system_directory()};
  auto directory = false;
  for (auto& path : candidates(spec.program, terms)) {
    auto attributes = ::GetFileAttributesW(to_wide_path(path).c_str());
    if (attributes == INVALID_FILE_ATTRIBUTES)
      continue;
    if (!is_directory(attributes))
      return path;
    directory = true;
  }
  if (directory && !is_bare_name(spec.program))
    return start_failure(spec, ERROR_ACCESS_DENIED);
  if (!is_bare_name(spec.program))
    return start_failure(spec, ERROR_FILE_NOT_FOUND);
  return last_failure(errc::program_not_found, stage::resolve,
                      "the program '" + spec.program + "' is not in the PATH",
                      ERROR_FILE_NOT_FOUND);
}

/// Returns an absolute path: the lookup starts in our directory, but the
/// program is loaded from the child's.
std::wstring absolute(const std::wstring& path) {
  auto size = ::GetFullPathNameW(path.c_str(), 0, nullptr, nullptr);
  std::wstring result(size, L'\0');
  size = ::GetFullPathNameW(path.c_str(), size, result.data(), nullptr);
  result.resize(size);
  return size == 0 ? path : result;
}

} // namespace

expected<program> resolve(const command& spec) {
  if (auto bad = check_cwd(spec))
    return std::move(*bad);
  auto env = environment_block::make(spec.env, own_environment(), system_order);
  if (!env)
    return invalid_argument("the environment is not valid UTF-8");
  auto found = find_program(spec, *env);
  if (!found)
    return std::move(found.error());
  program result;
  result.path = absolute(to_wide_path(*found));
  auto path = to_utf8(from_wide(result.path));
  std::optional<std::string> line;
  if (is_batch_file(path)) {
    auto shell = system_directory() + "\\cmd.exe";
    line = make_batch_command_line(shell, path, spec.args);
    if (!line)
      return invalid_argument("a word holds what no batch file can be given");
    result.path = to_wide_path(shell);
  } else {
    line = make_command_line(spec.argv0.empty() ? spec.program : spec.argv0,
                             spec.args);
    if (!line)
      return invalid_argument(
        "argv[0] holds a quote, which Windows cannot pass");
  }
  auto wide = to_utf16(*line);
  if (!wide)
    return invalid_argument("an argument is not valid UTF-8");
  if (wide->size() >= max_command_line)
    return start_failure(spec, ERROR_FILENAME_EXCED_RANGE);
  result.command_line = to_wide(*wide);
  result.environment = to_wide(env->text());
  result.cwd = to_wide_path(spec.cwd);
  return result;
}

failure start_failure(const command& spec, DWORD os_code) {
  auto program = "the program '" + spec.program + "' ";
  switch (os_code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
      return last_failure(errc::program_not_found, stage::exec,
                          program + "does not exist", os_code);
    case ERROR_FILENAME_EXCED_RANGE:
      return last_failure(errc::argument_list_too_long, stage::exec,
                          "the command line is longer than Windows allows",
                          os_code);
    case elevation_required:
      return last_failure(errc::not_permitted, stage::exec,
                          program + "needs an administrator", os_code);
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_COMMITMENT_LIMIT:
      return last_failure(errc::out_of_processes, stage::exec,
                          "the system made no new process", os_code);
    case ERROR_DIRECTORY:
      return last_failure(
        errc::cwd_not_usable, stage::chdir,
        "the working directory '" + spec.cwd + "' cannot be entered", os_code);
    default:
      return last_failure(errc::not_executable, stage::exec,
                          program + "cannot be executed", os_code);
  }
}

} // namespace procession::windows
