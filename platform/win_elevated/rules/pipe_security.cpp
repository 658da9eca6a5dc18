#include "procession/platform/win_elevated/rules/pipe_security.hpp"

namespace procession::windows {

namespace {

/// FILE_GENERIC_READ and FILE_GENERIC_WRITE without FILE_APPEND_DATA, which for
/// a pipe is the right to create another instance of it ("Named Pipe Security
/// and Access Rights" on MSDN).
constexpr std::string_view read_and_write = "0x12019b";

std::string allow(std::string_view who) {
  return std::string{"(A;;"}
    .append(read_and_write)
    .append(";;;")
    .append(who)
    .append(")");
}

} // namespace

bool is_local_pipe_name(std::string_view name) {
  if (name.substr(0, local_pipes.size()) != local_pipes)
    return false;
  auto own = name.substr(local_pipes.size());
  return !own.empty() && own.find_first_of("\\/") == std::string_view::npos;
}

std::string pipe_security(std::string_view owner, std::string_view runner) {
  auto result = std::string{"O:"}.append(owner).append("D:P");
  result += allow(owner);
  if (runner != owner)
    result += allow(runner);
  return result;
}

} // namespace procession::windows
