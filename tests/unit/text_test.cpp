#include "procession/io/text/printable.hpp"
#include "procession/messages/config.hpp"

#include <caf/sec.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

using namespace procession;
using namespace std::chrono_literals;

TEST_CASE("every end has the shell's number", "[messages][text]") {
  auto code = [](exit_cause cause, std::uint32_t code, std::int32_t signal) {
    exit_status x;
    x.cause = cause;
    x.code = code;
    x.signal = signal;
    return shell_code(x);
  };
  CHECK(code(exit_cause::exited, 0, 0) == 0);
  CHECK(code(exit_cause::exited, 255, 0) == 255);
  CHECK(code(exit_cause::exited, 259, 0) == 259);
  CHECK(code(exit_cause::exited, 0xC0000005, 0) == 0xC0000005);
  CHECK(code(exit_cause::signaled, 0, 9) == 137);
  CHECK(code(exit_cause::signaled, 0, 15) == 143);
  CHECK(code(exit_cause::start_failed, 127, 0) == 127);
  CHECK(code(exit_cause::start_failed, 126, 0) == 126);
  CHECK(code(exit_cause::runner_lost, 0, 0) == 125);
  CHECK(code(exit_cause::unknown, 0, 0) == 125);
}

TEST_CASE("success is an exit with code 0 and nothing else",
          "[messages][text]") {
  exit_status x;
  CHECK(success(x));
  x.code = 1;
  CHECK_FALSE(success(x));
  x.code = 0;
  x.cause = GENERATE(exit_cause::signaled, exit_cause::start_failed,
                     exit_cause::runner_lost, exit_cause::unknown);
  CHECK_FALSE(success(x));
}

TEST_CASE("a status reads as a sentence", "[messages][text]") {
  exit_status x;
  CHECK(to_string(x) == "exit code 0");
  x.timed_out = true;
  x.by_request = true;
  CHECK(to_string(x) == "exit code 0, timed out, by request");
  x = {};
  x.cause = exit_cause::signaled;
  x.signal = 6;
  x.core_dumped = true;
  CHECK(to_string(x) == "killed by signal 6 (Aborted), core dumped");
  x.core_dumped = false;
  x.signal = 34;
  CHECK(to_string(x) == "killed by signal 34");
  x = {};
  x.cause = exit_cause::start_failed;
  CHECK(to_string(x) == "did not start");
  x.cause = exit_cause::runner_lost;
  CHECK(to_string(x) == "runner lost");
  x.cause = exit_cause::unknown;
  CHECK(to_string(x) == "ended in an unknown way");
}

TEST_CASE("events read as lines", "[messages][text]") {
  CHECK(to_string(output{"s1", 2, stream_kind::err, 3, "a\nb"})
        == "output s1 #2: err at 3, 3 bytes");
  CHECK(to_string(gap{"s1", 4, stream_kind::out, 5, 6})
        == "gap s1 #4: out from 5 to 6");
  CHECK(to_string(exited{"s1", 7, {}}) == "exited s1 #7: exit code 0");
  CHECK(to_string(closed{"s1", 8, close_reason::complete})
        == "closed s1 #8: complete");
  CHECK(to_string(closed{"s1", 8, close_reason::host_lost})
        == "closed s1 #8: host_lost");
  CHECK(to_string(cursor{1, 2}) == "out 1, err 2");
}

TEST_CASE("a command reads as a shell would need it", "[messages][text]") {
  command x;
  x.program = "/bin/echo";
  x.args = {"plain-1.0", "two words", "", "it's", "$HOME", "tab\t"};
  CHECK(to_string(x)
        == "/bin/echo plain-1.0 'two words' '' 'it'\\''s' '$HOME' 'tab\t'");
}

TEST_CASE("the parts of a command read as text", "[messages][text]") {
  CHECK(to_string(terminal_size{}) == "24x80");
  CHECK(to_string(pty({30, 100})) == "pty 30x100");
  CHECK(to_string(pipes()) == "pipes");
  CHECK(to_string(pipes(stdin_kind::null)) == "pipes stdin null");
  CHECK(to_string(merged()) == "merged");
  CHECK(to_string(environment{}) == "inherit");
  CHECK(to_string(environment{false, {{"A", "b c"}}, {"D"}})
        == "exact -D A='b c'");
  CHECK(to_string(session_limits{1, 2, 3s, 4s})
        == "retained 1, stdin queue 2, time-out 3000ms, retention 4000ms");
  CHECK(to_string(kill_policy{5s, 1500ms})
        == "grace 5000ms, drain 1500ms, leftovers 500ms");
  CHECK(to_string(kill_policy{5s, 0s, 0s, background_policy::keep})
        == "grace 5000ms, drain 0ms, leftovers 0ms, background keep");
  CHECK(to_string(subscription{{1, 2}, 3, delivery::lossy})
        == "lossy from out 1, err 2, window 3");
}

TEST_CASE("the info of a session reads as a line", "[messages][text]") {
  session_info x;
  x.id = "s1";
  x.spec.program = "cat";
  x.state = session_state::running;
  x.pid = 5;
  CHECK(to_string(x) == "s1: running, pid 5, cat, out 0, err 0");
  x.state = session_state::closed;
  CHECK(to_string(x) == "s1: closed, pid 5, cat, out 0, err 0, exit code 0");
  x.start_error = "no such thing";
  CHECK(to_string(x) == "s1: closed, pid 5, cat, out 0, err 0, no such thing");
  CHECK(to_string(page{})
        == "page: 0 outputs, 0 gaps, next out 0, err 0, "
           "starting");
}

namespace {

/// Checks that each value up to `last` has a name of its own, and that a higher
/// one, which a peer may send, is shown as a number.
template <class Enum>
void check_names(Enum first, Enum last, const std::string& type) {
  using number = std::underlying_type_t<Enum>;
  std::vector<std::string> names;
  for (auto i = static_cast<int>(first); i <= static_cast<int>(last); ++i) {
    auto name = to_string(static_cast<Enum>(static_cast<number>(i)));
    CAPTURE(name);
    CHECK(name.find(' ') == std::string::npos);
    CHECK(std::find(names.begin(), names.end(), name) == names.end());
    names.push_back(name);
  }
  CHECK(to_string(static_cast<Enum>(number{200})) == type + " 200");
}

} // namespace

TEST_CASE("every value of an enumeration has a name", "[messages][text]") {
  check_names(errc::invalid_argument, last_errc, "errc");
  check_names(stage::none, last_stage, "stage");
  check_names(stdio_kind::pty, stdio_kind::merged, "stdio_kind");
  check_names(background_policy::end, background_policy::keep,
              "background_policy");
  check_names(stdin_kind::pipe, stdin_kind::inherit, "stdin_kind");
  check_names(exit_cause::exited, exit_cause::unknown, "exit_cause");
  check_names(session_state::starting, session_state::closed, "session_state");
  check_names(containment_kind::unknown, containment_kind::job,
              "containment_kind");
  check_names(wait_result::closed, wait_result::cancelled, "wait_result");
  check_names(signal_name::interrupt, last_signal_name, "signal_name");
  check_names(restart_kind::permanent, restart_kind::temporary, "restart_kind");
  check_names(restart_strategy::one_for_one, restart_strategy::rest_for_one,
              "restart_strategy");
  check_names(child_state::waiting, child_state::stopped, "child_state");
  check_names(supervisor_event_kind::started, supervisor_event_kind::ended,
              "supervisor_event_kind");
  CHECK(to_string(stream_kind::out) == "out");
  CHECK(to_string(stream_kind::err) == "err");
  CHECK(to_string(unsubscribed_policy::retain) == "retain");
  CHECK(to_string(unsubscribed_policy::pause) == "pause");
  CHECK(to_string(ownership::sender) == "sender");
  CHECK(to_string(ownership::spawner) == "spawner");
  CHECK(to_string(delivery::lossless) == "lossless");
  CHECK(to_string(delivery::lossy) == "lossy");
}

TEST_CASE("untrusted text shows what is there", "[messages][text]") {
  // Characters that would reverse the name of a file, or hide a part of it.
  CHECK(printable("a\u202egnp.exe") == "a?gnp.exe");
  for (auto* hidden : {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029",
                       "\u202a", "\u202e", "\u2066", "\u2069"})
    CHECK(printable(hidden) == "?");
  CHECK(printable("\u2027\u202f\u2065\u206a") == "\u2027\u202f\u2065\u206a");
  CHECK(printable("\x1b[2J\n") == "?[2J?");
}

TEST_CASE("an error tells its code, its stage and a sentence",
          "[messages][text]") {
  auto x = make_error(errc::cwd_not_found, stage::chdir, "no /nowhere", 2);
  CHECK(is(x, errc::cwd_not_found));
  CHECK_FALSE(is(x, errc::cwd_not_usable));
  CHECK(detail_of(x).at == stage::chdir);
  CHECK(detail_of(x).os_code == 2);
  // The system's name of that code.
  auto meaning = std::system_category().message(2);
  CHECK(describe(x)
        == "cwd_not_found at chdir: no /nowhere (2: " + meaning + ")");
  CHECK(describe(make_error(errc::session_limit, stage::admit, "full"))
        == "session_limit at admit: full");
}

TEST_CASE("errors of others are told apart from ours", "[messages][text]") {
  auto x = caf::make_error(caf::sec::request_timeout);
  CHECK_FALSE(is(x, static_cast<errc>(x.code())));
  CHECK(detail_of(x).text.empty());
  CHECK(describe(x) == caf::to_string(x));
  CHECK_FALSE(is({}, errc::invalid_argument));
  CHECK(detail_of({}).at == stage::none);
  CHECK(describe({}) == caf::to_string(caf::error{}));
}
