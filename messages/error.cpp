#include "procession/messages/error.hpp"

#include "procession/messages/config.hpp"

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
  // CAF 0.17 writes more around it than CAF 1 does.
  if (x && has_category<caf::exit_reason>(x))
    return to_string(static_cast<caf::exit_reason>(x.code()));
  return caf::to_string(x);
}

std::string to_string(errc x) {
  switch (x) {
    case errc::invalid_argument:
      return "invalid_argument";
    case errc::program_not_found:
      return "program_not_found";
    case errc::not_executable:
      return "not_executable";
    case errc::cwd_not_found:
      return "cwd_not_found";
    case errc::cwd_not_usable:
      return "cwd_not_usable";
    case errc::argument_list_too_long:
      return "argument_list_too_long";
    case errc::out_of_descriptors:
      return "out_of_descriptors";
    case errc::out_of_processes:
      return "out_of_processes";
    case errc::no_pty_left:
      return "no_pty_left";
    case errc::spawn_failed:
      return "spawn_failed";
    case errc::stdin_closed:
      return "stdin_closed";
    case errc::stdin_full:
      return "stdin_full";
    case errc::already_exited:
      return "already_exited";
    case errc::not_a_terminal:
      return "not_a_terminal";
    case errc::request_failed:
      return "request_failed";
    case errc::no_such_session:
      return "no_such_session";
    case errc::duplicate_session:
      return "duplicate_session";
    case errc::session_limit:
      return "session_limit";
    case errc::already_subscribed:
      return "already_subscribed";
    case errc::not_subscribed:
      return "not_subscribed";
    case errc::no_sender:
      return "no_sender";
    case errc::runtime_stopped:
      return "runtime_stopped";
    case errc::deadline_passed:
      return "deadline_passed";
    case errc::no_such_user:
      return "no_such_user";
    case errc::not_permitted:
      return "not_permitted";
    case errc::runner_failed:
      return "runner_failed";
    case errc::runner_lost:
      return "runner_lost";
    case errc::protocol_violation:
      return "protocol_violation";
    case errc::logon_paused:
      return "logon_paused";
    case errc::busy:
      return "busy";
    case errc::no_such_child:
      return "no_such_child";
    case errc::duplicate_child:
      return "duplicate_child";
    case errc::child_failed:
      return "child_failed";
    case errc::restart_limit:
      return "restart_limit";
    case errc::supervisor_ended:
      return "supervisor_ended";
    case errc::line_too_long:
      return "line_too_long";
  }
  return "errc " + std::to_string(static_cast<int>(x));
}

std::string to_string(stage x) {
  switch (x) {
    case stage::none:
      return "none";
    case stage::validate:
      return "validate";
    case stage::admit:
      return "admit";
    case stage::resolve:
      return "resolve";
    case stage::open_pty:
      return "open_pty";
    case stage::open_pipes:
      return "open_pipes";
    case stage::contain:
      return "contain";
    case stage::fork:
      return "fork";
    case stage::setup:
      return "setup";
    case stage::chdir:
      return "chdir";
    case stage::exec:
      return "exec";
    case stage::run:
      return "run";
    case stage::logon:
      return "logon";
    case stage::launch:
      return "launch";
    case stage::connect:
      return "connect";
    case stage::hello:
      return "hello";
    case stage::spawn:
      return "spawn";
    case stage::terminate:
      return "terminate";
    case stage::channel:
      return "channel";
    case stage::credentials:
      return "credentials";
    case stage::account:
      return "account";
    case stage::token:
      return "token";
    case stage::desktop:
      return "desktop";
    case stage::ready:
      return "ready";
    case stage::supervise:
      return "supervise";
  }
  return "stage " + std::to_string(static_cast<int>(x));
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
