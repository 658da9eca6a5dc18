#pragma once

#include "theatre.hpp"

#include "procession/actors/exec_tool.hpp"

#include <string>
#include <utility>
#include <vector>

namespace procession::test {

/// A theatre with an exec tool in it, and an agent that uses it.
class exec_stage {
public:
  explicit exec_stage(exec_tool_options options = {},
                      spawner_options limits = {})
    : t(limits), agent(t), tool(make_exec_tool(t.sys, t.where, options)) {
    t.run();
  }

  exec_stage(const exec_stage&) = delete;
  exec_stage& operator=(const exec_stage&) = delete;

  ~exec_stage() {
    end_tool();
  }

  void end_tool() {
    if (tool)
      caf::anon_send_exit(tool, caf::exit_reason::user_shutdown);
    tool = nullptr;
    t.run();
  }

  /// Asks for a command; its start is up to the script.
  reply<exec_result> begin(exec_request x) {
    return agent.ask<exec_result>(tool, exec_atom_v, std::move(x));
  }

  /// Asks for a command that starts.
  reply<exec_result> exec(exec_request x) {
    auto result = begin(std::move(x));
    last().started();
    t.run();
    last().take_calls();
    return result;
  }

  /// Starts a command that goes on. @returns its id.
  session_id running(exec_request x) {
    auto first = exec(std::move(x));
    t.advance(30s);
    CHECK(first.value().wait == wait_result::timed_out);
    return first.value().id;
  }

  reply<exec_result> poll(const session_id& id, exec_wait wait = {}) {
    return agent.ask<exec_result>(tool, poll_atom_v,
                                  exec_poll{id, std::move(wait)});
  }

  reply<exec_result> write(exec_input x) {
    return agent.ask<exec_result>(tool, write_atom_v, std::move(x));
  }

  reply<caf::unit_t> resize(const session_id& id, terminal_size size) {
    return agent.ask<caf::unit_t>(tool, resize_atom_v, id, size);
  }

  reply<caf::unit_t> signal(const session_id& id, signal_name name) {
    return agent.ask<caf::unit_t>(tool, signal_atom_v, id, name);
  }

  reply<exec_result> terminate(const session_id& id) {
    return agent.ask<exec_result>(tool, terminate_atom_v, id);
  }

  exec_list list() {
    return agent.ask<exec_list>(tool, list_atom_v).value();
  }

  script& last() {
    return t.child(t.children() - 1);
  }

  /// Lets the child write something.
  void say(shared_bytes bytes, std::size_t child = 0) {
    t.child(child).out(std::move(bytes));
    t.run();
  }

  /// Ends the child and its output.
  void end(exit_status status = {}, std::size_t child = 0) {
    t.child(child).both_ended();
    t.child(child).exited(status);
    t.child(child).finished();
    t.run();
  }

  theatre t;
  peer agent;
  exec_tool tool;
};

inline exec_request script_of(std::string text) {
  exec_request result;
  result.script = std::move(text);
  return result;
}

/// A script whose input is open.
inline exec_request open_script(std::string text) {
  auto result = script_of(std::move(text));
  result.input = stdin_kind::pipe;
  return result;
}

inline exec_request terminal_of(std::string text) {
  auto result = script_of(std::move(text));
  result.tty = true;
  return result;
}

inline exec_wait for_time(caf::timespan x) {
  exec_wait result;
  result.timeout = x;
  return result;
}

inline exec_wait for_text(std::string x) {
  exec_wait result;
  result.until = {std::move(x)};
  return result;
}

inline exec_wait for_match(std::string expression) {
  exec_wait result;
  result.until_regex = {std::move(expression)};
  return result;
}

inline exec_input text_for(session_id id, std::string text) {
  exec_input result;
  result.id = std::move(id);
  result.text = std::move(text);
  return result;
}

} // namespace procession::test
