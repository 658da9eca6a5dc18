#include "procession/messages/events.hpp"

#include "procession/messages/text/enum_name.hpp"

#include <utility>

namespace procession {

namespace {

std::string headline(const char* name, const session_id& id,
                     std::uint64_t seq) {
  return std::string{name} + " " + id + " #" + std::to_string(seq) + ": ";
}

/// Names the signals that end programs, as Linux does (signal(7)). A table of
/// our own, as the process may have lived on another system than we do.
constexpr std::pair<std::int32_t, const char*> signals[] = {
  {1, "Hangup"},
  {2, "Interrupt"},
  {3, "Quit"},
  {4, "Illegal instruction"},
  {5, "Trace/breakpoint trap"},
  {6, "Aborted"},
  {7, "Bus error"},
  {8, "Floating point exception"},
  {9, "Killed"},
  {10, "User defined signal 1"},
  {11, "Segmentation fault"},
  {12, "User defined signal 2"},
  {13, "Broken pipe"},
  {14, "Alarm clock"},
  {15, "Terminated"},
  {24, "CPU time limit exceeded"},
  {25, "File size limit exceeded"},
  {31, "Bad system call"},
};

/// Returns the number of a signal and, if it has one, its name.
std::string named_signal(std::int32_t signal) {
  auto result = "signal " + std::to_string(signal);
  for (auto [number, name] : signals)
    if (number == signal)
      result.append(" (").append(name).append(")");
  return result;
}

} // namespace

bool success(const exit_status& x) noexcept {
  return x.cause == exit_cause::exited && x.code == 0;
}

std::uint32_t shell_code(const exit_status& x) noexcept {
  switch (x.cause) {
    case exit_cause::exited:
    case exit_cause::start_failed:
      return x.code;
    case exit_cause::signaled:
      return 128u + static_cast<std::uint32_t>(x.signal);
    case exit_cause::runner_lost:
    case exit_cause::unknown:
      return 125;
  }
  return 125;
}

std::string to_string(stream_kind x) {
  return x == stream_kind::out ? "out" : "err";
}

std::string to_string(cursor x) {
  return "out " + std::to_string(x.out) + ", err " + std::to_string(x.err);
}

std::string to_string(exit_cause x) {
  return enum_name(x, "exit_cause",
                   {"exited", "signaled", "start_failed", "runner_lost",
                    "unknown"});
}

std::string to_string(const exit_status& x) {
  auto result = std::string{};
  switch (x.cause) {
    case exit_cause::exited:
      result = "exit code " + std::to_string(x.code);
      break;
    case exit_cause::signaled:
      result = "killed by " + named_signal(x.signal);
      break;
    case exit_cause::start_failed:
      result = "did not start";
      break;
    case exit_cause::runner_lost:
      result = "runner lost";
      break;
    case exit_cause::unknown:
      result = "ended in an unknown way";
      break;
  }
  if (x.core_dumped)
    result += ", core dumped";
  if (x.timed_out)
    result += ", timed out";
  if (x.by_request)
    result += ", by request";
  return result;
}

std::string to_string(containment_kind x) {
  return enum_name(x, "containment_kind",
                   {"unknown", "cgroup", "marker", "job"});
}

std::string to_string(close_reason x) {
  return enum_name(x, "close_reason",
                   {"complete", "drain_deadline", "host_lost"});
}

std::string to_string(const started& x) {
  return headline("started", x.id, x.seq) + "process " + std::to_string(x.pid)
         + ", held by " + to_string(x.containment);
}

std::string to_string(const output& x) {
  return headline("output", x.id, x.seq) + to_string(x.stream) + " at "
         + std::to_string(x.offset) + ", " + to_string(x.bytes);
}

std::string to_string(const gap& x) {
  return headline("gap", x.id, x.seq) + to_string(x.stream) + " from "
         + std::to_string(x.from) + " to " + std::to_string(x.to);
}

std::string to_string(const stopped& x) {
  return headline("stopped", x.id, x.seq) + "by signal "
         + std::to_string(x.signal);
}

std::string to_string(const continued& x) {
  return headline("continued", x.id, x.seq) + "runs again";
}

std::string to_string(leftovers x) {
  std::string result;
  if (x.ended > 0)
    result = std::to_string(x.ended) + " left over ended";
  if (x.surviving > 0)
    result += (result.empty() ? "" : ", ") + std::to_string(x.surviving)
              + " could not be ended";
  return result;
}

std::string to_string(const exited& x) {
  return headline("exited", x.id, x.seq) + to_string(x.status);
}

std::string to_string(const closed& x) {
  return headline("closed", x.id, x.seq) + to_string(x.why)
         + (x.rest == leftovers{} ? "" : ", " + to_string(x.rest));
}

} // namespace procession
