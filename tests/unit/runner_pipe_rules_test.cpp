// The users that a runner's pipe admits on Windows, and the runner's secret.
#include "procession/platform/win_elevated/rules/pipe_security.hpp"
#include "procession/platform/win_elevated/rules/runner_secret.hpp"

#include <catch2/catch.hpp>

using namespace procession::windows;

TEST_CASE("a runner's pipe admits its two users and no other",
          "[windows][runner]") {
  CHECK(pipe_security("S-1-5-21-1-2-3-1000", "S-1-5-21-1-2-3-1001")
        == "O:S-1-5-21-1-2-3-1000D:P"
           "(A;;0x12019b;;;S-1-5-21-1-2-3-1000)"
           "(A;;0x12019b;;;S-1-5-21-1-2-3-1001)");
}

TEST_CASE("a runner's pipe lets in one user where both are the same",
          "[windows][runner]") {
  CHECK(pipe_security("S-1-5-21-1-2-3-1000", "S-1-5-21-1-2-3-1000")
        == "O:S-1-5-21-1-2-3-1000D:P(A;;0x12019b;;;S-1-5-21-1-2-3-1000)");
}

TEST_CASE("a runner connects to pipes of its own machine and to nothing else",
          "[windows][runner]") {
  CHECK(is_local_pipe_name(R"(\\.\pipe\procession-runner-0123)"));
  for (auto* name :
       {R"(\\.\pipe\)", R"(\\.\pipe)", R"(\\server\pipe\x)",
        R"(\\.\pipe\..\..\server\pipe\x)", R"(\\.\pipe\x/y)", R"(C:\x)",
        R"(\\.\C:)", "x", "", R"(\\?\pipe\x)", R"(//./pipe/x)"})
    CHECK_FALSE(is_local_pipe_name(name));
}

TEST_CASE("a runner's secret is read as it was written", "[windows][runner]") {
  auto text = to_text({"0123abcd", 4711});
  CHECK(text == "0123abcd\n4711\n");
  auto found = parse_runner_secret(text);
  REQUIRE(found);
  CHECK(found->nonce == "0123abcd");
  CHECK(found->parent == 4711);
  CHECK(parse_runner_secret("x\n4294967295\n")->parent == 0xffffffff);
}

TEST_CASE("an invalid secret of a runner is rejected", "[windows][runner]") {
  for (auto* text :
       {"", "x", "x\n", "x\n1", "x\n\n", "\n1\n", "x\n0\n", "x\n-1\n",
        "x\n4294967296\n", "x\n1 \n", "x\n1\n\n", "x\ny\n"})
    CHECK_FALSE(parse_runner_secret(text));
  auto long_one = std::string(max_runner_secret, 'x');
  long_one += "\n1\n";
  CHECK_FALSE(parse_runner_secret(long_one));
}
