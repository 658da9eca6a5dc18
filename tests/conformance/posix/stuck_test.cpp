#include "../world.hpp"
#include "public_directory.hpp"

#include "procession/platform/posix/fd.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <list>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

/// A program whose exec hangs, as on a file system that does not answer: it has
/// a lease that is never given back (F_SETLEASE, fcntl(2)). The kernel takes it
/// away only after /proc/sys/fs/lease-break-time, 45 s.
class hanging_program {
public:
  hanging_program() {
    fs::copy_file("/bin/true", path());
    file_.reset(::open(path().c_str(), O_RDWR | O_CLOEXEC));
    // By default the signal that another process wants it is deadly.
    if (::fcntl(file_.get(), F_SETSIG, SIGURG) != 0
        || ::fcntl(file_.get(), F_SETLEASE, F_WRLCK) != 0) {
      WARN("skipped here: a lease is not available in " << directory_.path());
      file_.reset();
    }
  }

  explicit operator bool() const {
    return static_cast<bool>(file_);
  }

  std::string path() const {
    return directory_.path() / "program";
  }

private:
  public_directory directory_;
  posix::unique_fd file_;
};

} // namespace

TEST_CASE("a program that cannot be executed for long holds up no other",
          "[start]") {
  hanging_program stuck;
  if (!stuck)
    return;
  struct attempt {
    explicit attempt(const backend_entry& where, const std::string& path)
      : w(where), neighbour(w.spawn(program("cat"))), other(w.sys),
        refused(
          other->request(w.where, patience, spawn_atom_v, program(path))) {
      // nop
    }

    world w;
    session neighbour;
    caf::scoped_actor other;
    decltype(other->request(w.where, patience, spawn_atom_v,
                            command{})) refused;
  };
  // On all backends at once, since real time passes.
  std::list<attempt> attempts;
  for (auto& where : backends()) {
    auto begin = std::chrono::steady_clock::now();
    auto& x = attempts.emplace_back(where, stuck.path());
    CHECK(success(x.w.run(program("true")).status));
    CHECK(success(x.w.run(program("true")).status));
    REQUIRE_FALSE(x.w.tell(x.neighbour, close_stdin_atom_v));
    auto ended = x.w.ask<exit_status>(x.neighbour, wait_atom_v);
    REQUIRE(ended);
    CHECK(success(*ended));
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
  }
  for (auto& x : attempts) {
    caf::error why;
    x.refused.receive([](session&) {}, [&](caf::error& e) { why = e; });
    CHECK(is(why, errc::deadline_passed));
    CHECK(detail_of(why).at == stage::exec);
    CHECK(success(x.w.run(program("true")).status));
  }
}

TEST_CASE(
  "the end of a host does not wait for a program that cannot be executed",
  "[start][ending]") {
  hanging_program stuck;
  if (!stuck)
    return;
  auto begin = std::chrono::steady_clock::time_point{};
  {
    world w{GENERATE(from_range(backends()))};
    caf::scoped_actor other{w.sys};
    other->send(w.where, spawn_atom_v, program(stuck.path()));
    // The stuck start is under way once this one has overtaken it.
    CHECK(success(w.run(program("true")).status));
    begin = std::chrono::steady_clock::now();
  }
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}
