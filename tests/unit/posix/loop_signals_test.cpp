#include "../on_loop.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

#include <pthread.h>

using namespace procession;
using namespace procession::test;

TEST_CASE("a loop's thread has its name and blocks every signal",
          "[reactor][signals]") {
  loop x{"test-loop"};
  auto name = on(x, [] {
    char text[16] = {};
    pthread_getname_np(pthread_self(), text, sizeof(text));
    return std::string{text};
  });
  CHECK(name == "test-loop");
  auto blocked = on(x, [] {
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, nullptr, &set);
    return sigismember(&set, SIGCHLD) == 1 && sigismember(&set, SIGTERM) == 1
           && sigismember(&set, SIGINT) == 1;
  });
  CHECK(blocked);
}

TEST_CASE("the caller's own signals stay as they were", "[reactor][signals]") {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  loop x{"test-loop"};
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  auto same = true;
  for (auto i = 1; i < 32; ++i)
    same = same && sigismember(&before, i) == sigismember(&after, i);
  CHECK(same);
}
