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

/// The lines of a message, with nothing in them that plays with a terminal: the
/// names in it may be the user's, or a runner's.
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

/// Our error output, which may be one that does not block.
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
    // Everything is written at once.
  }
};

} // namespace

void set_up_error_log() {
  auto log = std::make_shared<spdlog::logger>("procession",
                                              std::make_shared<error_output>());
  // A terminal may be in raw mode, where a new line alone goes only down.
  log->set_formatter(std::make_unique<spdlog::pattern_formatter>(
    "procession: %v", spdlog::pattern_time_type::local,
    error_output_is_terminal() ? "\r\n" : "\n"));
  log->set_level(spdlog::level::err);
  spdlog::set_default_logger(std::move(log));
}

} // namespace procession::cli
