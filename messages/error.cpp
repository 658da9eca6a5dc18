#include "procession/messages/error.hpp"

#include "procession/messages/config.hpp"
#include "procession/messages/text/enum_name.hpp"

#include <caf/message.hpp>

#include <system_error>

namespace procession {

namespace {

[[maybe_unused]] const bool types_are_registered
  = register_types<caf::id_block::procession>();

} // namespace

caf::error to_error(const failure& x) {
  return make_caf_error(x.code, caf::make_message(x.detail));
}

caf::error make_error(errc code, stage at, std::string text,
                      std::int32_t os_code) {
  return to_error({code, {at, os_code, std::move(text)}});
}

bool is(const caf::error& x, errc code) noexcept {
  return x && has_category<errc>(x)
         && x.code() == static_cast<std::uint8_t>(code);
}

error_detail detail_of(const caf::error& x) {
  if (!x || !has_category<errc>(x)
      || !x.context().match_elements<error_detail>())
    return {};
  return x.context().get_as<error_detail>(0);
}

failure invalid_argument(std::string text, stage at) {
  return {errc::invalid_argument, {at, 0, std::move(text)}};
}

failure no_sender(stage at) {
  return {errc::no_sender, {at, 0, "the answer needs an actor to go to"}};
}

std::optional<failure> failure_of(const caf::error& x) {
  if (!x || !has_category<errc>(x))
    return std::nullopt;
  return failure{static_cast<errc>(x.code()), detail_of(x)};
}

std::string describe(const caf::error& x) {
  if (auto ours = failure_of(x))
    return to_string(*ours);
  // CAF 0.17 writes more around the name than CAF 1 does.
  if (x && has_category<caf::exit_reason>(x))
    return to_string(static_cast<caf::exit_reason>(x.code()));
  return caf::to_string(x);
}

std::string to_string(errc x) {
  return enum_name(
    x, "errc",
    {"invalid_argument",   "program_not_found", "not_executable",
     "cwd_not_found",      "cwd_not_usable",    "argument_list_too_long",
     "out_of_descriptors", "out_of_processes",  "no_pty_left",
     "spawn_failed",       "stdin_closed",      "stdin_full",
     "already_exited",     "not_a_terminal",    "request_failed",
     "no_such_session",    "duplicate_session", "session_limit",
     "already_subscribed", "not_subscribed",    "no_sender",
     "runtime_stopped",    "deadline_passed",   "no_such_user",
     "not_permitted",      "runner_failed",     "runner_lost",
     "protocol_violation", "logon_paused",      "busy",
     "no_such_child",      "duplicate_child",   "child_failed",
     "restart_limit",      "supervisor_ended",  "line_too_long"},
    1);
}

std::string to_string(stage x) {
  return enum_name(
    x, "stage",
    {"none",       "validate", "admit",     "resolve", "open_pty",
     "open_pipes", "contain",  "fork",      "setup",   "chdir",
     "exec",       "run",      "logon",     "launch",  "connect",
     "hello",      "spawn",    "terminate", "channel", "credentials",
     "account",    "token",    "desktop",   "ready",   "supervise"});
}

std::string to_string(const error_detail& x) {
  auto result = "at " + to_string(x.at) + ": " + x.text;
  if (x.os_code != 0)
    result += " (" + std::to_string(x.os_code) + ": "
              + std::system_category().message(x.os_code) + ")";
  return result;
}

std::string to_string(const failure& x) {
  return to_string(x.code) + " " + to_string(x.detail);
}

} // namespace procession
