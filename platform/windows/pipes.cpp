#include "procession/platform/windows/pipes.hpp"

#include "procession/platform/windows/system.hpp"

namespace procession::windows {

namespace {

failure pipe_failure(DWORD os_code) {
  auto code = os_code == ERROR_NO_SYSTEM_RESOURCES
                  || os_code == ERROR_TOO_MANY_OPEN_FILES
                ? errc::out_of_descriptors
                : errc::spawn_failed;
  return last_failure(code, stage::open_pipes,
                      "the child's pipes cannot be made", os_code);
}

SECURITY_ATTRIBUTES attributes(bool inheritable) {
  return {sizeof(SECURITY_ATTRIBUTES), nullptr, inheritable ? TRUE : FALSE};
}

} // namespace

expected<pipe_ends> make_pipe(pipe_direction direction, bool inheritable) {
  auto random = random_name(16);
  if (random.empty())
    return pipe_failure(ERROR_GEN_FAILURE);
  auto name = to_wide_path("\\\\.\\pipe\\procession-" + random);
  auto we_read = direction == pipe_direction::from_child;
  pipe_ends result;
  result.ours = unique_handle{
    ::CreateNamedPipeW(name.c_str(),
                       (we_read ? PIPE_ACCESS_INBOUND : PIPE_ACCESS_OUTBOUND)
                         | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                       PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT
                         | PIPE_REJECT_REMOTE_CLIENTS,
                       1, pipe_size, pipe_size, 0, nullptr)};
  if (!result.ours)
    return pipe_failure(::GetLastError());
  auto theirs = attributes(inheritable);
  // The writer may also query the pipe, and set its read mode: C runtimes do.
  result.theirs = unique_handle{
    ::CreateFileW(name.c_str(),
                  we_read ? GENERIC_WRITE | FILE_READ_ATTRIBUTES
                          : GENERIC_READ | FILE_WRITE_ATTRIBUTES,
                  0, &theirs, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr)};
  if (!result.theirs)
    return pipe_failure(::GetLastError());
  return result;
}

expected<unique_handle> open_null() {
  auto inheritable = attributes(true);
  unique_handle result{
    ::CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
                  &inheritable, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr)};
  if (!result)
    return pipe_failure(::GetLastError());
  return result;
}

} // namespace procession::windows
