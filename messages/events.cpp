#include "procession/messages/events.hpp"

#include <string_view>
#include <tuple>

namespace procession {

namespace {

std::string headline(const char* name, const session_id& id,
                     std::uint64_t seq) {
  return std::string{name} + " " + id + " #" + std::to_string(seq) + ": ";
}

/// Linux's name of a signal that ends programs (signal(7)); empty for others.
/// Our own table, as the process may have lived on another system than we do.
std::string_view description_of(std::int32_t signal) noexcept {
  switch (signal) {
    case 1:
      return "Hangup";
    case 2:
      return "Interrupt";
    case 3:
      return "Quit";
    case 4:
      return "Illegal instruction";
    case 5:
      return "Trace/breakpoint trap";
    case 6:
      return "Aborted";
    case 7:
      return "Bus error";
    case 8:
      return "Floating point exception";
    case 9:
      return "Killed";
    case 10:
      return "User defined signal 1";
    case 11:
      return "Segmentation fault";
    case 12:
      return "User defined signal 2";
    case 13:
      return "Broken pipe";
    case 14:
      return "Alarm clock";
    case 15:
      return "Terminated";
    case 24:
      return "CPU time limit exceeded";
    case 25:
      return "File size limit exceeded";
    case 31:
      return "Bad system call";
    default:
      return {};
  }
}

/// A signal by its number and, if it is a usual one, its name.
std::string named_signal(std::int32_t signal) {
  auto result = "signal " + std::to_string(signal);
  if (auto name = description_of(signal); !name.empty())
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

bool operator==(cursor x, cursor y) noexcept {
  return x.out == y.out && x.err == y.err;
}

bool operator==(const exit_status& x, const exit_status& y) noexcept {
  auto all = [](const exit_status& s) {
    return std::tie(s.cause, s.code, s.signal, s.core_dumped, s.timed_out,
                    s.by_request, s.user_time, s.system_time, s.peak_memory);
  };
  return all(x) == all(y);
}

bool operator==(const started& x, const started& y) {
  auto all = [](const started& e) {
    return std::tie(e.id, e.seq, e.pid, e.containment);
  };
  return all(x) == all(y);
}

bool operator==(const output& x, const output& y) {
  auto all = [](const output& e) {
    return std::tie(e.id, e.seq, e.stream, e.offset, e.bytes);
  };
  return all(x) == all(y);
}

bool operator==(const gap& x, const gap& y) {
  auto all = [](const gap& e) {
    return std::tie(e.id, e.seq, e.stream, e.from, e.to);
  };
  return all(x) == all(y);
}

bool operator==(const stopped& x, const stopped& y) {
  return std::tie(x.id, x.seq, x.signal) == std::tie(y.id, y.seq, y.signal);
}

bool operator==(const continued& x, const continued& y) {
  return std::tie(x.id, x.seq) == std::tie(y.id, y.seq);
}

bool operator==(leftovers x, leftovers y) noexcept {
  return x.ended == y.ended && x.surviving == y.surviving;
}

bool operator==(const exited& x, const exited& y) {
  return std::tie(x.id, x.seq, x.status) == std::tie(y.id, y.seq, y.status);
}

bool operator==(const closed& x, const closed& y) {
  auto all = [](const closed& e) {
    return std::tie(e.id, e.seq, e.why, e.rest);
  };
  return all(x) == all(y);
}

std::string to_string(stream_kind x) {
  return x == stream_kind::out ? "out" : "err";
}

std::string to_string(cursor x) {
  return "out " + std::to_string(x.out) + ", err " + std::to_string(x.err);
}

std::string to_string(exit_cause x) {
  switch (x) {
    case exit_cause::exited:
      return "exited";
    case exit_cause::signaled:
      return "signaled";
    case exit_cause::start_failed:
      return "start_failed";
    case exit_cause::runner_lost:
      return "runner_lost";
    case exit_cause::unknown:
      return "unknown";
  }
  return "exit_cause " + std::to_string(static_cast<int>(x));
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
      result = "ended, nobody knows how";
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
  switch (x) {
    case containment_kind::unknown:
      return "unknown";
    case containment_kind::cgroup:
      return "cgroup";
    case containment_kind::marker:
      return "marker";
    case containment_kind::job:
      return "job";
  }
  return "containment_kind " + std::to_string(static_cast<int>(x));
}

std::string to_string(close_reason x) {
  switch (x) {
    case close_reason::complete:
      return "complete";
    case close_reason::drain_deadline:
      return "drain_deadline";
    case close_reason::host_lost:
      return "host_lost";
  }
  return "close_reason " + std::to_string(static_cast<int>(x));
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
