#include "json_events.hpp"

#include <caf/error.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <string_view>

namespace procession::cli {

namespace {

// Members in the order they are written.
using json = nlohmann::ordered_json;

using std::chrono::microseconds;

template <class Event>
json head(const char* name, std::int64_t elapsed, const Event& x) {
  return {{"event", name},
          {"elapsed_us", elapsed},
          {"session", x.id},
          {"seq", x.seq}};
}

/// The members of the first line.
json first(const char* name, std::int64_t elapsed) {
  return {{"event", name},
          {"elapsed_us", elapsed},
          {"time", to_rfc3339(std::chrono::system_clock::now())}};
}

std::string line_of(const json& x) {
  return x.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

std::int64_t in_us(caf::timespan x) {
  return std::chrono::duration_cast<microseconds>(x).count();
}

} // namespace

json_events::json_events(time_point start) : start_(start) {
  // nop
}

std::int64_t json_events::elapsed() const {
  return in_us(std::chrono::steady_clock::now() - start_);
}

std::string json_events::line(const started& x, const command& spec) const {
  auto result = first("started", elapsed());
  result["session"] = x.id;
  result["seq"] = x.seq;
  result["pid"] = x.pid;
  result["containment"] = to_string(x.containment);
  result["program"] = spec.program;
  result["args"] = spec.args;
  return line_of(result);
}

std::string json_events::start_failed(const caf::error& x) const {
  auto detail = detail_of(x);
  auto result = first("start_failed", elapsed());
  result["code"] = to_string(static_cast<errc>(x.code()));
  result["stage"] = to_string(detail.at);
  result["os_code"] = detail.os_code;
  result["text"] = detail.text;
  return line_of(result);
}

std::string json_events::line(const output& x) const {
  auto result = head("output", elapsed(), x);
  result["stream"] = to_string(x.stream);
  result["offset"] = x.offset;
  result["bytes"] = to_base64(x.bytes);
  return line_of(result);
}

std::string json_events::line(const gap& x) const {
  auto result = head("gap", elapsed(), x);
  result["stream"] = to_string(x.stream);
  result["from"] = x.from;
  result["to"] = x.to;
  return line_of(result);
}

std::string json_events::line(const stopped& x) const {
  auto result = head("stopped", elapsed(), x);
  result["signal"] = x.signal;
  return line_of(result);
}

std::string json_events::line(const continued& x) const {
  return line_of(head("continued", elapsed(), x));
}

std::string json_events::line(const exited& x) const {
  auto result = head("exited", elapsed(), x);
  result["cause"] = to_string(x.status.cause);
  result["code"] = x.status.code;
  result["signal"] = x.status.signal;
  result["shell_code"] = shell_code(x.status);
  result["core_dumped"] = x.status.core_dumped;
  result["timed_out"] = x.status.timed_out;
  result["by_request"] = x.status.by_request;
  result["user_us"] = in_us(x.status.user_time);
  result["system_us"] = in_us(x.status.system_time);
  result["peak_memory"] = x.status.peak_memory;
  return line_of(result);
}

std::string json_events::line(const closed& x) const {
  auto result = head("closed", elapsed(), x);
  result["complete"] = x.why == close_reason::complete;
  result["why"] = to_string(x.why);
  result["ended"] = x.rest.ended;
  result["surviving"] = x.rest.surviving;
  return line_of(result);
}

std::string to_rfc3339(std::chrono::system_clock::time_point x) {
  using namespace std::chrono;
  auto day = floor<days>(x);
  auto date = year_month_day{day};
  auto time = hh_mm_ss{floor<microseconds>(x - day)};
  char text[64];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
                int{date.year()}, unsigned{date.month()}, unsigned{date.day()},
                static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text;
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
