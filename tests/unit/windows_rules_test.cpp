// The forms that Windows wants texts in, which can be computed on any system.
#include "procession/platform/windows/rules/environment_block.hpp"
#include "procession/platform/windows/rules/lookup.hpp"
#include "procession/platform/windows/rules/quoting.hpp"
#include "procession/platform/windows/rules/terminal_input.hpp"
#include "procession/platform/windows/rules/terminal_queries.hpp"
#include "procession/platform/windows/rules/unicode.hpp"

#include <catch2/catch.hpp>

using namespace procession;
using namespace procession::windows;

namespace {

using strings = std::vector<std::string>;

std::string batch(const strings& args) {
  return make_batch_command_line("cmd.exe", "a.bat", args).value();
}

std::string typed(terminal_input& x, std::string_view text) {
  return x.normalise(std::as_bytes(std::span{text.data(), text.size()}));
}

} // namespace

TEST_CASE("a word is quoted as the C runtime takes it apart",
          "[windows][start]") {
  CHECK(quote_argument("plain") == "plain");
  CHECK(quote_argument("") == R"("")");
  CHECK(quote_argument("a b") == R"("a b")");
  CHECK(quote_argument("a\tb") == "\"a\tb\"");
  CHECK(quote_argument(R"(c"d)") == R"("c\"d")");
  CHECK(quote_argument(R"(e f\)") == R"("e f\\")");
  CHECK(quote_argument(R"(e\f\)") == R"(e\f\)");
  CHECK(quote_argument(R"(\")") == R"("\\\"")");
  CHECK(quote_argument(R"(a\\"b c\\)") == R"("a\\\\\"b c\\\\")");
  CHECK(quote_argument("%PATH%&|^") == "%PATH%&|^");
}

TEST_CASE("the name of the program is in quotes and cannot hold one",
          "[windows][start]") {
  CHECK(make_command_line("C:\\a b\\", {"x", ""}) == "\"C:\\a b\\\" x \"\"");
  CHECK_FALSE(make_command_line("a\"b", {}));
}

TEST_CASE("a batch file's words are safe from cmd.exe", "[windows][start]") {
  CHECK(batch({}) == R"("cmd.exe" /e:ON /v:OFF /d /c ""a.bat"")");
  auto words = [](const strings& args) {
    auto line = batch(args);
    auto begin = batch({}).size() - 1;
    return line.substr(begin, line.size() - begin - 1);
  };
  CHECK(words({"plain"}) == " plain");
  CHECK(words({""}) == R"( "")");
  CHECK(words({"a b"}) == R"( "a b")");
  CHECK(words({"a&calc"}) == R"( "a&calc")");
  CHECK(words({R"(x" & calc & ")"}) == R"( "x"" & calc & """)");
  CHECK(words({R"(a\"b)"}) == R"( "a\\""b")");
  CHECK(words({R"(tail\)"}) == R"( "tail\\")");
  CHECK(words({"%PATH%"}) == R"( "%%cd:~,%PATH%%cd:~,%")");
  CHECK(words({"caf\u00e9"}) == " caf\u00e9");
}

TEST_CASE("arguments that no batch file can be given are refused",
          "[windows][start]") {
  CHECK_FALSE(make_batch_command_line("cmd.exe", "a.bat", {"a\nb"}));
  CHECK_FALSE(make_batch_command_line("cmd.exe", "a.bat", {"a\rb"}));
  CHECK_FALSE(make_batch_command_line("cmd.exe", "a\".bat", {}));
}

TEST_CASE("batch files are known by their names", "[windows][start]") {
  CHECK(is_batch_file("x.bat"));
  CHECK(is_batch_file("C:\\x.CmD"));
  CHECK_FALSE(is_batch_file("bat"));
  CHECK_FALSE(is_batch_file("x.bat.exe"));
}

TEST_CASE("a bare name is looked up in the PATH, ending by ending",
          "[windows][start]") {
  lookup_terms terms;
  terms.path = R"(C:\one;;"C:\two;x"\;rel)";
  terms.endings = ".EXE;.js;.Cmd";
  terms.cwd = "D:\\w";
  CHECK(candidates("tool", terms)
        == strings{"C:\\one\\tool.exe", "C:\\one\\tool.cmd",
                   "C:\\two;x\\tool.exe", "C:\\two;x\\tool.cmd",
                   "D:\\w\\rel\\tool.exe", "D:\\w\\rel\\tool.cmd"});
  terms.path = "C:\\one";
  CHECK(candidates("python3.11", terms)
        == strings{"C:\\one\\python3.11", "C:\\one\\python3.11.exe",
                   "C:\\one\\python3.11.cmd"});
}

TEST_CASE("a lookup without a PATH searches the system only",
          "[windows][start]") {
  lookup_terms terms;
  terms.system_directories = {"S:"};
  CHECK(candidates("cmd", terms)
        == strings{"S:\\cmd.com", "S:\\cmd.exe", "S:\\cmd.bat", "S:\\cmd.cmd"});
  terms.path = "";
  CHECK(candidates("cmd", terms).empty());
}

TEST_CASE("a path is taken from the child's directory", "[windows][start]") {
  lookup_terms terms;
  terms.path = "C:\\one";
  terms.endings = ".exe";
  terms.cwd = "D:\\w";
  CHECK(candidates(".\\a.exe", terms)
        == strings{"D:\\w\\.\\a.exe", "D:\\w\\.\\a.exe.exe"});
  CHECK(candidates("sub/a", terms)
        == strings{"D:\\w\\sub/a.exe", "D:\\w\\sub/a"});
  CHECK(candidates("E:\\a.exe", terms).front() == "E:\\a.exe");
  CHECK(candidates("/a.exe", terms).front() == "/a.exe");
  CHECK(candidates("\\\\host\\a.exe", terms).front() == "\\\\host\\a.exe");
}

TEST_CASE("the environment is sorted and ends with two NULs",
          "[windows][start]") {
  environment changes;
  changes.set = {{"zebra", "1"}, {"Alpha", "2"}, {"\u00e9clair", "3"}};
  auto block = environment_block::make(changes, {u"=C:=C:\\x"}, ascii_order);
  REQUIRE(block);
  using namespace std::string_literals;
  CHECK((block->text() == u"=C:=C:\\x\0Alpha=2\0zebra=1\0\u00e9clair=3\0\0"s));
  changes.inherit = false;
  changes.set.clear();
  CHECK((environment_block::make(changes, {u"A=1"}, ascii_order)->text()
         == u"\0\0"s));
}

TEST_CASE("names of variables mean the same in any case", "[windows][start]") {
  environment changes;
  changes.set = {{"PATH", "new"}};
  changes.unset = {"TeMp"};
  auto block = environment_block::make(
    changes, {u"Path=old", u"TEMP=x", u"Home=a=b"}, ascii_order);
  REQUIRE(block);
  CHECK(block->get(u"path") == "new");
  CHECK(block->get(u"HOME") == "a=b");
  CHECK_FALSE(block->get(u"TEMP"));
  using namespace std::string_literals;
  CHECK((block->text() == u"Home=a=b\0PATH=new\0\0"s));
  changes.set = {{"A", "\xff"}};
  CHECK_FALSE(environment_block::make(changes, {}, ascii_order));
}

TEST_CASE("text becomes UTF-16 and back", "[windows][text]") {
  CHECK((to_utf16("a\u00e9\u4f60\U0001f600") == u"a\u00e9\u4f60\U0001f600"));
  CHECK(to_utf8(u"a\u00e9\u4f60\U0001f600") == "a\u00e9\u4f60\U0001f600");
  for (auto* bad : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80",
                    "\xf4\x90\x80\x80", "\xe4\xbd", "\x80", "\xc3(", "\xf8"})
    CHECK_FALSE(to_utf16(bad));
  const char16_t alone[] = {0xd83d, u'x', 0xde00, 0};
  CHECK(to_utf8(alone) == "\ufffdx\ufffd");
}

TEST_CASE("Enter and Backspace are typed as the console knows them",
          "[windows][terminal]") {
  terminal_input x;
  CHECK(typed(x, "a\nb") == "a\rb");
  CHECK(typed(x, "a\r\nb\r") == "a\rb\r");
  SECTION("also where a line end falls apart") {
    CHECK(typed(x, "\n").empty());
    CHECK(typed(x, "\n") == "\r");
    CHECK(typed(x, "\r\r\n\n") == "\r\r\r");
  }
  CHECK(typed(x, "\b\x7f\x03\t\x1b[A\xc3\xa9")
        == "\x7f\x7f\x03\t\x1b[A\xc3\xa9");
}

TEST_CASE("the end of a console's input is a Ctrl-Z at the start of a line",
          "[windows][terminal]") {
  terminal_input x;
  CHECK(x.end_of_file() == "\x1a\r");
  typed(x, "half");
  CHECK(x.end_of_file() == "\r\x1a\r");
  typed(x, "\n");
  CHECK(x.end_of_file() == "\x1a\r");
}

TEST_CASE("a console's questions before its first text are answered",
          "[windows][terminal]") {
  terminal_queries x;
  auto take = [&](std::string_view text) {
    return x.take(std::as_bytes(std::span{text.data(), text.size()}));
  };
  auto first = take("\x1b[1t\x1b[c\x1b[?1004h\x1b[");
  CHECK(first.output == "\x1b[1t\x1b[?1004h");
  CHECK(first.answer == "\x1b[?61c");
  CHECK_FALSE(x.over());
  SECTION("also where the question falls apart") {
    auto second = take("6ntext\x1b[c");
    CHECK(second.output == "text\x1b[c");
    CHECK(second.answer == "\x1b[1;1R");
    CHECK(x.over());
    // From here on the program asks, and a subscriber answers.
    auto third = take("\x1b[c\x1b[");
    CHECK(third.output == "\x1b[c\x1b[");
    CHECK(third.answer.empty());
    CHECK(x.rest().empty());
  }
  SECTION("and nothing is lost where the output ends") {
    CHECK(x.rest() == "\x1b[");
    CHECK(x.rest().empty());
  }
  SECTION("nor where a sequence does not end") {
    auto endless = std::string(100, '1');
    CHECK(take(endless).output == "\x1b[" + endless);
    CHECK(x.over());
  }
}
