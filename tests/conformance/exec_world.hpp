#pragma once

#include "world.hpp"

#include "procession/actors/exec_tool.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

namespace procession::test {

/// An exec tool over a backend, for requests from outside of an actor.
class exec_world {
public:
  explicit exec_world(const backend_entry& where,
                      exec_tool_options options = {})
    : w(where), tool(make_exec_tool(w.sys, w.where, std::move(options))) {
    // nop
  }

  /// Sends a request; fails the test if the answer is an error.
  template <class Result, class... Ts>
  Result call(Ts... request) {
    Result result;
    w.self->request(tool, patience, std::move(request)...)
      .receive([&](Result& x) { result = std::move(x); },
               [&](caf::error& x) { FAIL(describe(x)); });
    return result;
  }

  exec_result exec(exec_request x) {
    if (x.wait.timeout == default_wait)
      x.wait.timeout = patience;
    return call<exec_result>(exec_atom_v, std::move(x));
  }

  /// Starts a command that goes on, and waits for `text`.
  exec_result start(exec_request x, const std::string& text) {
    x.wait.until = {text};
    auto result = exec(std::move(x));
    REQUIRE(result.wait == wait_result::matched);
    return result;
  }

  exec_result poll(const session_id& id) {
    exec_poll x;
    x.id = id;
    return call<exec_result>(poll_atom_v, std::move(x));
  }

  exec_result write(exec_input x) {
    x.wait.timeout = patience;
    return call<exec_result>(write_atom_v, std::move(x));
  }

  world w;
  exec_tool tool;
};

/// Returns a request for the helper program `actor` with these words, its input
/// open.
inline exec_request acted(const std::vector<std::string>& words) {
  exec_request result;
  result.input = stdin_kind::pipe;
  result.argv = words;
  result.argv.insert(result.argv.begin(), helper_path("test-actor"));
  return result;
}

inline exec_input input_for(session_id id, std::string text) {
  exec_input result;
  result.id = std::move(id);
  result.text = std::move(text);
  return result;
}

} // namespace procession::test
