// The promises of a session that only Windows can keep.
#include "../world.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace procession;
using namespace procession::test;

namespace fs = std::filesystem;

namespace {

/// A directory that its destructor removes.
class scratch {
public:
  scratch()
    : path_(fs::temp_directory_path()
            / ("procession test " + std::to_string(own_pid()))) {
    fs::create_directories(path_);
  }

  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  ~scratch() {
    std::error_code ec;
    fs::remove_all(path_, ec);
  }

  /// Creates a file in it. @returns its path.
  std::string put(const std::string& name, const std::string& text) const {
    std::ofstream{path_ / name, std::ios::binary} << text;
    return (path_ / name).string();
  }

  std::string path() const {
    return path_.string();
  }

private:
  fs::path path_;
};

/// Returns the text of a batch file that passes its words on to the helper
/// program.
std::string echo_args() {
  return "@\"" + helper_path("test-actor") + "\" args %*\r\n";
}

} // namespace

TEST_CASE("exit codes are kept whole", "[windows][ending]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  for (auto code : {259u, 256u, 0xC0000005u, 0xFFFFFFFFu, 137u}) {
    auto status
      = w.run(actor({"exit", std::to_string(code)}, {kind, {}})).status;
    CHECK(status.cause == exit_cause::exited);
    CHECK(status.code == code);
  }
}

TEST_CASE("a notification descriptor is refused", "[windows][start]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({"exit", "0"});
  spec.notification_fd = 3;
  CHECK(is(w.refusal(spec), errc::invalid_argument));
}

TEST_CASE("a batch file gets its words to the letter", "[windows][start]") {
  world w{GENERATE(from_range(backends()))};
  scratch place;
  auto spec = program(place.put("echo args.cmd", echo_args()),
                      {"plain", "two words", "a&b", "x|y>z", "tail\\",
                       "(paren)", "bang!"});
  auto result = w.run(spec);
  CHECK(result.err.empty());
  CHECK(result.out == "plain\ntwo words\na&b\nx|y>z\ntail\\\n(paren)\nbang!\n");
  spec.args = {"line\nbreak"};
  CHECK(is(w.refusal(spec), errc::invalid_argument));
}

TEST_CASE("a variable in a batch file's word stays its name",
          "[windows][start]") {
  PROCESSION_NEEDS(percent_sign);
  world w{GENERATE(from_range(backends()))};
  scratch place;
  auto result = w.run(program(place.put("echo args.cmd", echo_args()),
                              {"%PATH%", "100%", "two %PATH% words"}));
  CHECK(result.err.empty());
  CHECK(result.out == "%PATH%\n100%\ntwo %PATH% words\n");
}

TEST_CASE("a batch file is found in the child's PATH by its bare name",
          "[windows][start]") {
  world w{GENERATE(from_range(backends()))};
  scratch place;
  place.put("tool.bat", "@exit 21\r\n");
  auto spec = program("tool");
  CHECK(is(w.refusal(spec), errc::program_not_found));
  spec.env.set["Path"] = place.path();
  CHECK(w.run(spec).status.code == 21);
  spec.env.set["PATHEXT"] = ".EXE";
  CHECK(is(w.refusal(spec), errc::program_not_found));
}

TEST_CASE("a program in the current directory runs only if its path says so",
          "[windows][start]") {
  world w{GENERATE(from_range(backends()))};
  scratch place;
  place.put("planted.bat", "@exit 1\r\n");
  auto spec = program("planted");
  spec.cwd = place.path();
  CHECK(is(w.refusal(spec), errc::program_not_found));
  spec.program = ".\\planted";
  CHECK(w.run(spec).status.code == 1);
}

TEST_CASE("a job holds every session", "[windows][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"sleep"}));
  CHECK(w.info(hdl).containment == containment_kind::job);
}

TEST_CASE("a terminal that is resized says so, or why not",
          "[windows][terminal]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"line"}, pty()));
  auto error = w.tell(hdl, resize_atom_v, terminal_size{45, 132});
  if (not_shown_here(limitation::resize)) {
    CHECK(is(error, errc::request_failed));
    // E_NOTIMPL of winerror.h.
    CHECK(static_cast<std::uint32_t>(detail_of(error).os_code) == 0x80004001u);
  } else {
    CHECK_FALSE(error);
  }
}

TEST_CASE("signals that Windows does not know are refused",
          "[windows][signals]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"sleep"}));
  for (auto name :
       {signal_name::stop, signal_name::resume, signal_name::hangup})
    CHECK(is(w.tell(hdl, signal_atom_v, name), errc::request_failed));
  CHECK_FALSE(w.tell(hdl, signal_atom_v, signal_name::kill));
  CHECK(w.ask<exit_status>(hdl, wait_atom_v)->signal == 9);
}

TEST_CASE("a terminal shows text of every script", "[windows][terminal]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"out", "\u00e9\u4f60\\r\\n", "line"}, pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output("\u00e9\u4f60"));
}
