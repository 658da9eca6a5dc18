#include "json_events.hpp"

#include <caf/error.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <string_view>

namespace procession::cli {

namespace {

// Members in the order they are written.
using json = nlohmann::ordered_json;

template <class Event>
json head(const char* name, const Event& x) {
  return {{"event", name}, {"session", x.id}, {"seq", x.seq}};
}

std::string line(const json& x) {
  return x.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

std::int64_t microseconds(caf::timespan x) {
  return std::chrono::duration_cast<std::chrono::microseconds>(x).count();
}

} // namespace

std::string started_line(const session_info& x) {
  return line({{"event", "started"},
               {"session", x.id},
               {"pid", x.pid},
               {"containment", to_string(x.containment)},
               {"program", x.spec.program},
               {"args", x.spec.args}});
}

std::string start_failed_line(const caf::error& x) {
  auto detail = detail_of(x);
  return line({{"event", "start_failed"},
               {"code", to_string(static_cast<errc>(x.code()))},
               {"stage", to_string(detail.at)},
               {"os_code", detail.os_code},
               {"text", detail.text}});
}

std::string json_line(const output& x) {
  auto result = head("output", x);
  result["stream"] = to_string(x.stream);
  result["offset"] = x.offset;
  result["bytes"] = to_base64(x.bytes);
  return line(result);
}

std::string json_line(const gap& x) {
  auto result = head("gap", x);
  result["stream"] = to_string(x.stream);
  result["from"] = x.from;
  result["to"] = x.to;
  return line(result);
}

std::string json_line(const stopped& x) {
  auto result = head("stopped", x);
  result["signal"] = x.signal;
  return line(result);
}

std::string json_line(const continued& x) {
  return line(head("continued", x));
}

std::string json_line(const exited& x) {
  auto result = head("exited", x);
  result["cause"] = to_string(x.status.cause);
  result["code"] = x.status.code;
  result["signal"] = x.status.signal;
  result["shell_code"] = shell_code(x.status);
  result["core_dumped"] = x.status.core_dumped;
  result["timed_out"] = x.status.timed_out;
  result["by_request"] = x.status.by_request;
  result["user_us"] = microseconds(x.status.user_time);
  result["system_us"] = microseconds(x.status.system_time);
  result["peak_memory"] = x.status.peak_memory;
  return line(result);
}

std::string json_line(const closed& x) {
  auto result = head("closed", x);
  result["complete"] = x.complete;
  result["ended"] = x.rest.ended;
  result["surviving"] = x.rest.surviving;
  return line(result);
}

std::string to_base64(const shared_bytes& x) {
  static constexpr std::string_view digits
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  auto bytes = x.span();
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    auto group = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t value = 0;
    for (std::size_t j = 0; j < 3; ++j)
      value = value << 8
              | (j < group ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j)
      result += j <= group ? digits[value >> (18 - 6 * j) & 63] : '=';
  }
  return result;
}

} // namespace procession::cli
