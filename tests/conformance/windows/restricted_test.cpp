// Programs with a write-restricted token.
#include "../world.hpp"

#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/system.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace procession;
using namespace procession::test;

namespace fs = std::filesystem;

namespace {

constexpr auto capability = "S-1-5-21-11-22-33-1001";

command restricted(command spec) {
  spec.restricted = {{capability}};
  return spec;
}

/// Creates a file that all local users may use, and others that are named, but
/// not our own user by name.
std::string open_file(const fs::path& directory, const std::string& name,
                      const std::string& whom) {
  auto path = (directory / name).string();
  auto text = "D:P(A;;FA;;;BU)(A;;FA;;;BA)";
  auto descriptor = windows::make_descriptor(
    whom.empty() ? text : text + ("(A;;FA;;;" + whom + ")"));
  REQUIRE(descriptor != nullptr);
  SECURITY_ATTRIBUTES attributes{sizeof(attributes), descriptor.get(), FALSE};
  windows::unique_handle file{
    ::CreateFileW(windows::to_wide_path(path).c_str(), GENERIC_WRITE, 0,
                  &attributes, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr)};
  REQUIRE(file);
  return path;
}

} // namespace

TEST_CASE("a restricted program runs, and its tree ends with it",
          "[windows][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto result = w.run(restricted(actor({"out", "hello"}, {kind, {}})));
  CHECK(result.out.find("hello") != std::string::npos);
  CHECK(success(result.status));
  auto status = w.run(restricted(actor({"exit", "37"}, {kind, {}}))).status;
  CHECK(status.code == 37);
}

TEST_CASE("a restricted program can write to the null device",
          "[windows][start]") {
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(
    restricted(program("cmd.exe", {"/d", "/c", "echo x>NUL&& echo written"})));
  CHECK(result.out == "written\r\n");
}

TEST_CASE("a restricted program that is not there is an error as ever",
          "[windows][start]") {
  world w{GENERATE(from_range(backends()))};
  auto why = w.refusal(restricted(program("no-such-program-anywhere")));
  CHECK(is(why, errc::program_not_found));
  CHECK(detail_of(why).at == stage::resolve);
}

TEST_CASE("a restricted program writes only where its capabilities may",
          "[windows][start]") {
  PROCESSION_NEEDS(restricting_sids);
  world w{GENERATE(from_range(backends()))};
  auto directory = fs::temp_directory_path()
                   / ("procession restricted " + std::to_string(own_pid()));
  fs::create_directories(directory);
  auto shut = open_file(directory, "shut", "");
  auto open = open_file(directory, "open", capability);
  auto write = [&](const std::string& path) {
    return program("cmd.exe", {"/d", "/c", "echo x>\"" + path + "\""});
  };
  CHECK(success(w.run(write(shut)).status));
  CHECK_FALSE(success(w.run(restricted(write(shut))).status));
  CHECK(success(w.run(restricted(write(open))).status));
  fs::remove_all(directory);
}
