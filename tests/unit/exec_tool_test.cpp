#include "procession/actors/exec/exec_keys.hpp"
#include "procession/messages/exec_tool.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace procession;
using namespace std::chrono_literals;

namespace {

/// Returns the steps in words: "abc", "<interrupt>", "<end>".
std::vector<std::string> steps(const exec_input& x, bool tty) {
  struct {
    std::string operator()(const shared_bytes& y) const {
      return std::string{y.text()};
    }
    std::string operator()(signal_name y) const {
      return std::string{"<"}.append(to_string(y)).append(">");
    }
    std::string operator()(end_of_input) const {
      return "<end>";
    }
  } in_words;
  std::vector<std::string> result;
  auto made = input_steps(x, tty);
  if (!made)
    return {to_string(made.error())};
  for (auto& y : *made)
    result.push_back(std::visit(in_words, y));
  return result;
}

using words = std::vector<std::string>;

exec_input keys(words names, std::string text = {}) {
  exec_input result;
  result.text = std::move(text);
  result.keys = std::move(names);
  return result;
}

exec_result result_of(session_state state) {
  exec_result x;
  x.id = "exec-7";
  x.state = state;
  x.waited = 1500ms;
  return x;
}

} // namespace

TEST_CASE("keys become what a terminal sends for them, after the text",
          "[exec][input]") {
  CHECK(steps(keys({"enter", "up", "ctrl-c", "ctrl-z", "f5"}, "ls"), true)
        == words{"ls\r\x1b[A\x03\x1a\x1b[15~"});
  CHECK(steps(keys({}), true) == words{});
}

TEST_CASE("keys that mean a signal or the end become that on pipes",
          "[exec][input]") {
  CHECK(steps(keys({"enter", "ctrl-c", "tab", "ctrl-\\", "ctrl-d"}, "a"), false)
        == words{"a\n", "<interrupt>", "\t", "<quit>", "<end>"});
  CHECK(steps(keys({}, "\x03"), false) == words{"<interrupt>"});
  CHECK(steps(keys({}, "\x03"), true) == words{"\x03"});
  CHECK(steps(keys({}, "a\x03"), false) == words{"a\x03"});
}

TEST_CASE("the end of the input comes last", "[exec][input]") {
  auto x = keys({"enter"}, "a");
  x.close = true;
  CHECK(steps(x, false) == words{"a\n", "<end>"});
}

TEST_CASE("a key goes by the names that it has elsewhere", "[exec][input]") {
  auto sent = [](std::string name) {
    auto made = steps(keys({std::move(name)}), true);
    REQUIRE(made.size() == 1);
    return made[0];
  };
  for (auto* name : {"ctrl-c", "ctrl+c", "Ctrl-C", "CTRL+C", "C-c", "c-c", "^C",
                     "^c", "Control-c", "<C-c>", "{ctrl+c}"}) {
    CAPTURE(name);
    CHECK(sent(name) == "\x03");
  }
  for (auto* name : {"enter", "Enter", "RETURN", "<Enter>", "{return}", "cr"})
    CHECK(sent(name) == "\r");
  for (auto* name : {"ESC", "Escape", "esc", "C-[", "^["})
    CHECK(sent(name) == "\x1b");
  for (auto* name : {"ArrowUp", "up", "Up", "arrow_up", "up arrow", "UpArrow"})
    CHECK(sent(name) == "\x1b[A");
  for (auto* name : {"PageUp", "page-up", "page_up", "PgUp", "PPage"})
    CHECK(sent(name) == "\x1b[5~");
  for (auto* name : {"Backspace", "BSpace", "BS", "C-?"})
    CHECK(sent(name) == "\x7f");
  for (auto* name : {"M-x", "m-x", "Alt+x", "meta-x"})
    CHECK(sent(name) == "\x1bx");
  CHECK(sent("M-X") == "\x1bX");
  CHECK(sent("F1") == "\x1bOP");
  CHECK(sent("shift-F5") == "\x1b[15;2~");
  CHECK(sent("Delete") == "\x1b[3~");
  CHECK(sent("S-Tab") == "\x1b[Z");
  CHECK(sent("BTab") == "\x1b[Z");
  CHECK(sent("C-Left") == "\x1b[1;5D");
  CHECK(sent("ctrl-shift-up") == "\x1b[1;6A");
  CHECK(sent("C-M-a") == "\x1b\x01");
  CHECK(sent("Space") == " ");
  CHECK(sent("C-Space") == std::string(1, '\0'));
  CHECK(sent("q") == "q");
  CHECK(sent("Q") == "Q");
  CHECK(sent("-") == "-");
  CHECK(sent("ctrl-_") == "\x1f");
  CHECK(sent("\u00e9") == "\u00e9");
}

TEST_CASE("an unknown key is an error that lists the known ones",
          "[exec][input]") {
  for (auto* name : {"", "ctrl-", "ctrl-1", "ctrl-cc", "ctrl-enter", "hello",
                     "f13", "\xff"}) {
    auto x = steps(keys({name}), true);
    REQUIRE(x.size() == 1);
    CHECK(x[0].find("invalid_argument at validate") == 0);
    CHECK(x[0].find("enter") != std::string::npos);
  }
}

TEST_CASE("omitted output is replaced by a line that tells how much it was",
          "[exec][text]") {
  exec_result x;
  x.head = "abc";
  CHECK(output_text(x) == "abc");
  x.omitted = 12;
  x.tail = "xyz";
  CHECK(output_text(x) == "abc\n... 12 bytes omitted ...\nxyz");
  x.head = "abc\n";
  CHECK(output_text(x) == "abc\n... 12 bytes omitted ...\nxyz");
  x.head.clear();
  CHECK(output_text(x) == "... 12 bytes omitted ...\nxyz");
}

TEST_CASE("a session that goes on does not read like a time-out",
          "[exec][text]") {
  CHECK(status_line(result_of(session_state::running))
        == "Still running, as session exec-7 (waited 1.5 s)");
  CHECK(status_line(result_of(session_state::starting))
        == "Still starting after 1.5 s, as session exec-7");
  CHECK(status_line(result_of(session_state::exited))
        == "Ended (exit code 0); what it left in the background goes on as "
           "session exec-7 (waited 1.5 s)");
  auto x = result_of(session_state::closed);
  CHECK(status_line(x) == "Ended (exit code 0) after 1.5 s");
  x.complete = false;
  x.status.timed_out = true;
  CHECK(status_line(x)
        == "Ended (exit code 0, timed out) after 1.5 s, not all of its output "
           "was read");
  x.status.timed_out = false;
  x.rest = {1, 0};
  CHECK(status_line(x)
        == "Ended (exit code 0) after 1.5 s, its output was held open in the "
           "background; 1 background process was ended with it");
  x = result_of(session_state::closed);
  x.rest = {2, 0};
  CHECK(status_line(x)
        == "Ended (exit code 0) after 1.5 s; 2 background processes were ended "
           "with it");
  x.rest = {0, 1};
  CHECK(status_line(x)
        == "Ended (exit code 0) after 1.5 s; 1 background process was killed "
           "and did not end");
}
