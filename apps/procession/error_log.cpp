#include "error_log.hpp"

#include "terminal_mode.hpp"

#include "common/standard_streams.hpp"

#include "procession/io/text/printable.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace procession::cli {

namespace {

/// Returns the lines of a message without control sequences for a terminal:
/// names in it may come from the user or from a runner.
std::string fit_to_be_shown(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    auto end = text.find('\n');
    result += printable(text.substr(0, end));
    if (end == std::string_view::npos)
      break;
    result += '\n';
    text.remove_prefix(end + 1);
  }
  return result;
}

/// Our error output, which may be non-blocking.
class error_output : public spdlog::sinks::base_sink<std::mutex> {
protected:
  void sink_it_(const spdlog::details::log_msg& x) override {
    auto line = x;
    auto shown = fit_to_be_shown({x.payload.data(), x.payload.size()});
    line.payload = shown;
    spdlog::memory_buf_t text;
    formatter_->format(line, text);
    say({text.data(), text.size()});
  }

  void flush_() override {
    // Nothing is buffered.
  }
};

} // namespace

void set_up_error_log() {
  auto log = std::make_shared<spdlog::logger>("procession",
                                              std::make_shared<error_output>());
  // In raw mode a line feed does not return to the start of the line.
  log->set_formatter(std::make_unique<spdlog::pattern_formatter>(
    "procession: %v", spdlog::pattern_time_type::local,
    output_is_terminal(stream_kind::err) ? "\r\n" : "\n"));
  log->set_level(spdlog::level::err);
  spdlog::set_default_logger(std::move(log));
}

} // namespace procession::cli
