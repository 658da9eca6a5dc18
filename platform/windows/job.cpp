#include "procession/platform/windows/job.hpp"

#include "procession/platform/windows/system.hpp"

#include <algorithm>

namespace procession::windows {

expected<job> job::make() {
  job result;
  result.handle_ = unique_handle{::CreateJobObjectW(nullptr, nullptr)};
  if (!result.handle_)
    return last_failure(errc::spawn_failed, stage::contain,
                        "the system made no job object");
  // Without the BREAKAWAY limits, so that no process may leave it.
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  if (!::SetInformationJobObject(result.get(),
                                 JobObjectExtendedLimitInformation, &limits,
                                 sizeof(limits)))
    return last_failure(errc::spawn_failed, stage::contain,
                        "the job object takes no limits");
  return result;
}

bool job::kill() noexcept {
  return ::TerminateJobObject(get(), killed_code) != 0;
}

bool job::holds(DWORD pid) const noexcept {
  auto process = unique_handle{
    ::OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid)};
  BOOL result = FALSE;
  return process && ::IsProcessInJob(process.get(), get(), &result) && result;
}

std::uint32_t job::active() const noexcept {
  JOBOBJECT_BASIC_ACCOUNTING_INFORMATION info{};
  if (!::QueryInformationJobObject(get(), JobObjectBasicAccountingInformation,
                                   &info, sizeof(info), nullptr))
    return 0;
  return info.ActiveProcesses;
}

std::uint32_t job::others(DWORD pid) const {
  // Only the numbers that fit are listed, but all are counted
  // (ERROR_MORE_DATA).
  struct {
    JOBOBJECT_BASIC_PROCESS_ID_LIST head;
    ULONG_PTR more[255];
  } list{};
  if (!::QueryInformationJobObject(get(), JobObjectBasicProcessIdList, &list,
                                   sizeof(list), nullptr)
      && ::GetLastError() != ERROR_MORE_DATA)
    return 0;
  auto* begin = list.head.ProcessIdList;
  auto* end = begin + list.head.NumberOfProcessIdsInList;
  auto itself = std::find(begin, end, ULONG_PTR{pid}) != end;
  return list.head.NumberOfAssignedProcesses - (itself ? 1 : 0);
}

} // namespace procession::windows
