#include "cli.hpp"

#include <catch2/catch.hpp>

#include <regex>
#include <set>
#include <string>

using namespace procession;
using namespace procession::test;

namespace {

/// Returns the path of one of our programs.
std::string program(const std::string& name) {
  return binary().substr(0, binary().rfind('/') + 1) + name;
}

std::string printed(shell& sh, const std::string& command) {
  auto result = sh.script(command);
  CAPTURE(command, result.err);
  REQUIRE(shell_code(result.status) == 0);
  return result.out;
}

/// Returns bash's completions of the last of these words, with our completion
/// file alone.
std::string completed(shell& sh, const std::string& words, int index) {
  return printed(sh, "bash --norc -c 'source <(\"$P\" --document bash); "
                     "COMP_WORDS=("
                       + words + "); COMP_CWORD=" + std::to_string(index)
                       + "; _procession; echo \"${COMPREPLY[*]}\"'");
}

/// Returns whether a program that checks documents is installed; warns if not.
bool present(shell& sh, const std::string& name) {
  if (success(sh.script("command -v " + name).status))
    return true;
  WARN("left out, not here: " << name);
  return false;
}

} // namespace

TEST_CASE("every option of the help is in the man page and every completion",
          "[command-line]") {
  shell sh;
  auto [name, sub] = GENERATE(
    table<std::string, std::string>({{"procession", "run"},
                                     {"procession-runner", ""},
                                     {"procession-mcp", ""}}));
  auto path = program(name);
  auto help = printed(sh, path + ' ' + sub + " --help");
  std::set<std::string> options;
  std::regex option{"\n {2,4}(?:-\\w,)?(--[a-z-]+)"};
  for (std::sregex_iterator i{help.begin(), help.end(), option}, end; i != end;
       ++i)
    options.insert((*i)[1]);
  CHECK(options.size() >= 4);
  auto man = printed(sh, path + " --document man 2026-01-31");
  auto bash = printed(sh, path + " --document bash");
  auto zsh = printed(sh, path + " --document zsh");
  auto fish = printed(sh, path + " --document fish");
  for (auto& x : options) {
    CAPTURE(x);
    CHECK_THAT(man,
               Catch::Contains(std::regex_replace(x, std::regex{"-"}, "\\-")));
    CHECK_THAT(bash, Catch::Contains(x));
    CHECK_THAT(zsh, Catch::Contains("*" + x + '['));
    CHECK_THAT(fish, Catch::Contains("-l " + x.substr(2) + ' '));
  }
}

TEST_CASE("the exit codes in the man page are those of the help",
          "[command-line]") {
  shell sh;
  auto help = printed(sh, "$P run --help");
  auto man = printed(sh, "$P --document man 2026-01-31");
  for (auto code : {"2", "124", "125", "126", "127", "141", "128+n"}) {
    CAPTURE(code);
    CHECK_THAT(help, Catch::Contains("\n  " + std::string{code} + " "));
    CHECK_THAT(man, Catch::Contains("\\fB" + std::string{code} + "\\fR"));
  }
}

TEST_CASE("help fits into 80 columns", "[command-line]") {
  shell sh;
  for (auto command :
       {"$P --help", "$P run --help", "$P-runner --help", "$P-mcp --help"}) {
    auto help = printed(sh, command);
    std::size_t longest = 0;
    for (std::size_t begin = 0; begin < help.size();) {
      auto end = help.find('\n', begin);
      longest = std::max(longest, end - begin);
      begin = end + 1;
    }
    CAPTURE(help);
    CHECK(longest <= 80);
  }
}

TEST_CASE("help and man page tell defaults, not how they are checked",
          "[command-line]") {
  shell sh;
  for (auto command : {"$P-mcp --help", "$P-mcp --document man 2026-01-31"}) {
    auto text = printed(sh, command);
    CHECK_THAT(text,
               Catch::Contains("default 64") && !Catch::Contains("INT in"));
  }
}

TEST_CASE("bash completes commands, options and values", "[command-line]") {
  shell sh;
  CHECK(completed(sh, "procession r", 1) == "run\n");
  CHECK(completed(sh, "procession run --tim", 2) == "--timeout\n");
  CHECK(completed(sh, "procession run --stdio ''", 3) == "pty pipes merged\n");
  CHECK(completed(sh, "procession run --stdio = me", 4) == "merged\n");
  CHECK(completed(sh, "procession run --timeout ''", 3) == "\n");
  CHECK(completed(sh, "procession run --cwd /us", 3) == "/usr\n");
  CHECK_THAT(completed(sh, "procession run -- mkte", 3),
             Catch::Contains("mktemp"));
  // The options of another program are not completed.
  CHECK(completed(sh, "procession run -- ls --tim", 4) == "\n");
}

TEST_CASE("shells and formatters read our documents without complaint",
          "[command-line]") {
  shell sh;
  auto name = GENERATE(as<std::string>{}, "procession", "procession-runner",
                       "procession-mcp");
  auto document = program(name) + " --document ";
  CHECK(printed(sh, document + "bash | bash -n 2>&1").empty());
  if (present(sh, "zsh"))
    CHECK(printed(sh, document + "zsh | zsh -n 2>&1").empty());
  if (present(sh, "fish"))
    CHECK(printed(sh, document + "fish | fish -n 2>&1").empty());
  auto page = document + "man 2026-01-31 | ";
  if (present(sh, "mandoc"))
    CHECK(printed(sh, page + "mandoc -T lint -W warning 2>&1").empty());
  if (present(sh, "groff"))
    CHECK(printed(sh, page + "groff -man -T utf8 -ww -z 2>&1").empty());
}
