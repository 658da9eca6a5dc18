#include "world.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace procession;
using namespace procession::test;

namespace {

void check_refusal(world& w, command spec, errc code, stage at) {
  auto error = w.refusal(spec);
  UNSCOPED_INFO(describe(error));
  CHECK(is(error, code));
  CHECK(detail_of(error).at == at);
  CHECK_FALSE(detail_of(error).text.empty());
}

} // namespace

TEST_CASE("an invalid command is refused before anything starts",
          "[start][spawner]") {
  world w{GENERATE(from_range(backends()))};
  auto bad = [&](command spec) {
    check_refusal(w, std::move(spec), errc::invalid_argument, stage::validate);
  };
  bad(program(""));
  bad(program(std::string("a\0b", 3)));
  bad(program("echo", {std::string("a\0b", 3)}));
  bad(program("echo", {}, pty({0, 80})));
  bad(program("echo", {}, pty({24, 0})));
  auto spec = program("echo");
  spec.limits.retained = max_bytes_limit + 1;
  bad(spec);
}

TEST_CASE("a program that cannot run is an error with its stage", "[start]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto check = [&](const std::string& name, errc code, stage at) {
    check_refusal(w, program(name, {}, {kind, {}}), code, at);
  };
  check("no-such-program-anywhere", errc::program_not_found, stage::resolve);
  check("/no/such/program", errc::program_not_found, stage::exec);
  check(data_file(), errc::not_executable, stage::exec);
  check(std::filesystem::path{data_file()}.parent_path().string(),
        errc::not_executable, stage::exec);
}

TEST_CASE("a directory that cannot be entered is an error with its stage",
          "[start]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({});
  spec.cwd = "/no/such/directory";
  check_refusal(w, spec, errc::cwd_not_found, stage::chdir);
  spec.cwd = data_file();
  check_refusal(w, spec, errc::cwd_not_usable, stage::chdir);
}

TEST_CASE("arguments beyond what the system takes are an error", "[start]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({"args"});
  // On Linux one argument may have 128 KiB (execve(2), MAX_ARG_STRLEN), on
  // Windows all of them 32 Ki characters.
  spec.args.resize(2);
  spec.args.back().assign(129 << 10, 'x');
  check_refusal(w, spec, errc::argument_list_too_long, stage::exec);
}

TEST_CASE("a failed start leaves a name that can be asked about",
          "[start][session]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = program("no-such-program-anywhere");
  spec.id = "mine";
  CHECK(is(w.refusal(spec), errc::program_not_found));
  session hdl;
  w.self->request(w.where, patience, find_atom_v, session_id{"mine"})
    .receive([&](session& x) { hdl = std::move(x); },
             [&](caf::error& x) { FAIL(describe(x)); });
  auto info = w.info(hdl);
  CHECK(info.state == session_state::closed);
  CHECK(info.pid == 0);
  CHECK(info.start_error.find("program_not_found") != std::string::npos);
  CHECK(shell_code(info.status) == 127);
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  CHECK(events.status->cause == exit_cause::start_failed);
}

TEST_CASE("an id is taken while its session is known", "[spawner]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({"cat"});
  spec.id = "the-cat";
  auto hdl = w.spawn(spec);
  CHECK(w.info(hdl).id == "the-cat");
  CHECK(is(w.refusal(spec), errc::duplicate_session));
}

TEST_CASE("the spawner lists what lives and what is retained", "[spawner]") {
  world w{GENERATE(from_range(backends()))};
  auto first = actor({"cat"});
  first.id = "first";
  w.spawn(first);
  auto second = actor({"out", "out\\n", "err", "error\\n", "exit", "3"});
  second.id = "second";
  listener events{w, w.spawn(second)};
  REQUIRE(events.until_closed());
  std::vector<session_info> list;
  w.self->request(w.where, patience, list_atom_v)
    .receive([&](std::vector<session_info>& x) { list = std::move(x); },
             [&](caf::error& x) { FAIL(describe(x)); });
  REQUIRE(list.size() == 2);
  CHECK(list[0].id == "first");
  CHECK(list[0].state == session_state::running);
  CHECK(list[0].pid > 0);
  CHECK(list[0].spec.program == first.program);
  CHECK(list[0].containment != containment_kind::unknown);
  CHECK(list[1].id == "second");
  CHECK(list[1].state == session_state::closed);
  CHECK(list[1].status.code == 3);
  CHECK(list[1].produced == cursor{4, 6});
  CHECK(list[1].last_output > list[1].started);
}
