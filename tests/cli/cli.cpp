#include "cli.hpp"

#include "../public_programs.hpp"

#include <catch2/catch.hpp>

namespace procession::test {

const std::string& binary() {
  static const auto result = public_program("procession");
  return result;
}

shell::shell() : system_(config_), spawner_(make_spawner(system_, runtime_)) {
  // nop
}

run_result shell::run(command spec, shared_bytes input) {
  spec.limits.timeout = soon;
  caf::scoped_actor self{system_};
  auto result = procession::run(self, spawner_, spec, std::move(input));
  if (!result)
    FAIL(describe(result.error()));
  return std::move(*result);
}

run_result shell::cli(std::vector<std::string> args, shared_bytes input) {
  command spec;
  spec.program = binary();
  spec.args = std::move(args);
  return run(std::move(spec), std::move(input));
}

command shell::make_script(const std::string& script) {
  command spec;
  spec.program = "sh";
  spec.args = {"-c", script};
  spec.env.set["P"] = binary();
  return spec;
}

run_result shell::script(const std::string& script) {
  return run(make_script(script), {});
}

run_result shell::on_terminal(const std::string& script, terminal_size size) {
  auto spec = make_script(script);
  spec.stdio = pty(size);
  spec.limits.timeout = soon;
  // `run` would type the end of input.
  auto x = spawn_process(spawner_, std::move(spec));
  if (!x)
    FAIL(describe(x.error()));
  run_result result;
  for (;;) {
    auto chunk = x->output.next();
    if (!chunk)
      FAIL(describe(chunk.error()));
    if (!*chunk)
      break;
    result.out += (*chunk)->bytes.text();
  }
  result.status = x->output.status();
  return result;
}

spawned_process shell::spawn(command spec) {
  auto result = spawn_process(spawner_, std::move(spec));
  if (!result)
    FAIL(describe(result.error()));
  return std::move(*result);
}

spawned_process shell::start_script(const std::string& script) {
  auto spec = make_script(script);
  spec.stdio = pty();
  return spawn(std::move(spec));
}

spawned_process shell::start(std::vector<std::string> args, stdio_spec stdio) {
  command spec;
  spec.program = binary();
  spec.args = std::move(args);
  spec.args.insert(spec.args.begin(), "run");
  spec.stdio = stdio;
  return spawn(std::move(spec));
}

spawned_process shell::start_bash() {
  command spec;
  spec.program = "bash";
  spec.args = {"--norc", "--noprofile", "--noediting", "-i"};
  spec.env.set["P"] = binary();
  spec.stdio = pty();
  return spawn(std::move(spec));
}

std::string read_until(process_output& from, const std::string& text) {
  std::string result;
  while (result.find(text) == std::string::npos) {
    auto chunk = from.next(soon);
    INFO("read so far: " << result);
    if (!chunk)
      FAIL(describe(chunk.error()));
    if (!*chunk)
      FAIL("'" << text << "' never came");
    result += (*chunk)->bytes.text();
  }
  return result;
}

std::uint32_t exit_code(spawned_process& x) {
  auto status = x.process.wait(soon);
  if (!status)
    FAIL(describe(status.error()));
  return shell_code(*status);
}

} // namespace procession::test
