#include "place.hpp"

#include "../common/machine.hpp"

#include "procession/actors/run.hpp"

#include <stdexcept>
#include <utility>

namespace procession::bench {

namespace {

[[noreturn]] void fail(const caf::error& x) {
  throw std::runtime_error{describe(x)};
}

spawner_options many_sessions() {
  spawner_options result;
  result.max_sessions = 20'000;
  return result;
}

host_options make_options(const place_options& options) {
  host_options result;
  result.runtime.containment = options.containment;
  result.spawner = many_sessions();
  return result;
}

} // namespace

stdio_spec stdio_named(const std::string& name) {
  if (name == "pipes")
    return pipes(stdin_kind::null);
  if (name == "pty")
    return pty();
  throw std::runtime_error{"neither pipes nor pty: " + name};
}

command make_command(std::vector<std::string> words, stdio_spec stdio) {
  command result;
  result.program = words.at(0);
  words.erase(words.begin());
  result.args = std::move(words);
  result.stdio = stdio;
  return result;
}

place::place(place_options options)
  : host_(make_options(options)), spawner_(host_.spawner()),
    self_(host_.system()) {
  if (options.in_runner) {
    runner_ = start_runner(host_.system(), host_.runtime());
    spawner_ = make_spawner(host_.system(), *runner_, many_sessions());
  }
  auto first = run(self_, spawner_, make_command(shortest_command(), pipes()));
  if (!first)
    fail(first.error());
}

session place::start(command what) {
  session result;
  what.owner = ownership::spawner;
  self_->request(spawner_, caf::infinite, spawn_atom_v, std::move(what))
    .receive([&](session& x) { result = std::move(x); },
             [](const caf::error& x) { fail(x); });
  return result;
}

void place::write(const session& to, shared_bytes bytes) {
  self_->request(to, caf::infinite, write_atom_v, std::move(bytes))
    .receive([](std::uint64_t) {}, [](const caf::error& x) { fail(x); });
}

} // namespace procession::bench
