#pragma once

#include "procession/messages/caf.hpp"

#include <cstdint>
#include <vector>

/// Names and ids of all types that a message can contain. CAF must see the id
/// wherever a type is sent.
namespace procession {

class shared_bytes;

// error.hpp
enum class errc : std::uint8_t;
enum class stage : std::uint8_t;
struct error_detail;
struct failure;

// command.hpp
struct terminal_size;
enum class stdio_kind : std::uint8_t;
enum class stdin_kind : std::uint8_t;
enum class background_policy : std::uint8_t;
struct stdio_spec;
struct environment;
struct session_limits;
struct kill_policy;
enum class unsubscribed_policy : std::uint8_t;
enum class ownership : std::uint8_t;
struct restriction;
struct command;

// events.hpp
enum class stream_kind : std::uint8_t;
struct cursor;
enum class exit_cause : std::uint8_t;
struct exit_status;
enum class containment_kind : std::uint8_t;
struct started;
struct output;
struct gap;
struct stopped;
struct continued;
struct leftovers;
struct exited;
enum class close_reason : std::uint8_t;
struct closed;

// session.hpp
enum class session_state : std::uint8_t;
enum class signal_name : std::uint8_t;
enum class delivery : std::uint8_t;
struct subscription;
struct session_info;
/// The result of `list`: CAF needs a type with an id.
using session_list = std::vector<session_info>;
struct page;

// runner.hpp
enum class runner_state : std::uint8_t;
struct runner_info;

// exec_tool.hpp
struct exec_wait;
struct exec_request;
struct exec_input;
struct exec_poll;
enum class wait_result : std::uint8_t;
struct exec_result;
struct exec_session;
/// The result of `list`: CAF needs a type with an id.
using exec_list = std::vector<exec_session>;

// supervisor.hpp
enum class restart_kind : std::uint8_t;
enum class child_state : std::uint8_t;
struct child_info;
/// The result of `list`: CAF needs a type with an id.
using child_list = std::vector<child_info>;
enum class supervisor_event_kind : std::uint8_t;
struct supervisor_event;
struct events_missed;
struct event_subscription;

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession, 3100)
  CAF_ADD_TYPE_ID(procession, (procession::shared_bytes))
  CAF_ADD_TYPE_ID(procession, (procession::errc))
  CAF_ADD_TYPE_ID(procession, (procession::stage))
  CAF_ADD_TYPE_ID(procession, (procession::error_detail))
  CAF_ADD_TYPE_ID(procession, (procession::failure))
  CAF_ADD_TYPE_ID(procession, (procession::terminal_size))
  CAF_ADD_TYPE_ID(procession, (procession::stdio_kind))
  CAF_ADD_TYPE_ID(procession, (procession::stdin_kind))
  CAF_ADD_TYPE_ID(procession, (procession::background_policy))
  CAF_ADD_TYPE_ID(procession, (procession::stdio_spec))
  CAF_ADD_TYPE_ID(procession, (procession::environment))
  CAF_ADD_TYPE_ID(procession, (procession::session_limits))
  CAF_ADD_TYPE_ID(procession, (procession::kill_policy))
  CAF_ADD_TYPE_ID(procession, (procession::unsubscribed_policy))
  CAF_ADD_TYPE_ID(procession, (procession::ownership))
  CAF_ADD_TYPE_ID(procession, (procession::restriction))
  CAF_ADD_TYPE_ID(procession, (procession::command))
  CAF_ADD_TYPE_ID(procession, (procession::stream_kind))
  CAF_ADD_TYPE_ID(procession, (procession::cursor))
  CAF_ADD_TYPE_ID(procession, (procession::exit_cause))
  CAF_ADD_TYPE_ID(procession, (procession::exit_status))
  CAF_ADD_TYPE_ID(procession, (procession::started))
  CAF_ADD_TYPE_ID(procession, (procession::output))
  CAF_ADD_TYPE_ID(procession, (procession::gap))
  CAF_ADD_TYPE_ID(procession, (procession::stopped))
  CAF_ADD_TYPE_ID(procession, (procession::continued))
  CAF_ADD_TYPE_ID(procession, (procession::leftovers))
  CAF_ADD_TYPE_ID(procession, (procession::exited))
  CAF_ADD_TYPE_ID(procession, (procession::close_reason))
  CAF_ADD_TYPE_ID(procession, (procession::closed))
  CAF_ADD_TYPE_ID(procession, (procession::session_state))
  CAF_ADD_TYPE_ID(procession, (procession::containment_kind))
  CAF_ADD_TYPE_ID(procession, (procession::signal_name))
  CAF_ADD_TYPE_ID(procession, (procession::delivery))
  CAF_ADD_TYPE_ID(procession, (procession::subscription))
  CAF_ADD_TYPE_ID(procession, (procession::session_info))
  CAF_ADD_TYPE_ID(procession, (procession::session_list))
  CAF_ADD_TYPE_ID(procession, (procession::page))
  CAF_ADD_TYPE_ID(procession, (procession::runner_state))
  CAF_ADD_TYPE_ID(procession, (procession::runner_info))
  CAF_ADD_TYPE_ID(procession, (procession::exec_wait))
  CAF_ADD_TYPE_ID(procession, (procession::exec_request))
  CAF_ADD_TYPE_ID(procession, (procession::exec_input))
  CAF_ADD_TYPE_ID(procession, (procession::exec_poll))
  CAF_ADD_TYPE_ID(procession, (procession::wait_result))
  CAF_ADD_TYPE_ID(procession, (procession::exec_result))
  CAF_ADD_TYPE_ID(procession, (procession::exec_session))
  CAF_ADD_TYPE_ID(procession, (procession::exec_list))
  CAF_ADD_TYPE_ID(procession, (procession::restart_kind))
  CAF_ADD_TYPE_ID(procession, (procession::child_state))
  CAF_ADD_TYPE_ID(procession, (procession::child_info))
  CAF_ADD_TYPE_ID(procession, (procession::child_list))
  CAF_ADD_TYPE_ID(procession, (procession::supervisor_event_kind))
  CAF_ADD_TYPE_ID(procession, (procession::supervisor_event))
  CAF_ADD_TYPE_ID(procession, (procession::events_missed))
  CAF_ADD_TYPE_ID(procession, (procession::event_subscription))
CAF_END_TYPE_ID_BLOCK(procession)
