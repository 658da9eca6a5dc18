#pragma once

#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace procession::test {

/// The programs built with this test, in a place where every user can start
/// them: next to the test or, if its directory is closed to others, copies in a
/// directory that is removed with this object.
class public_programs {
public:
  public_programs() {
    namespace fs = std::filesystem;
    built_ = fs::read_symlink("/proc/self/exe").parent_path();
    directory_ = built_;
    if (open_to_all(built_))
      return;
    auto name = (fs::temp_directory_path() / "programs-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw std::runtime_error{"no directory for programs: " + name};
    directory_ = name;
    fs::permissions(directory_, fs::perms{0755});
    // They look for each other in their directory.
    for (auto program : {"procession", "procession-runner", "procession-mcp"})
      path(program);
  }

  public_programs(const public_programs&) = delete;
  public_programs& operator=(const public_programs&) = delete;

  ~public_programs() {
    std::error_code ignored;
    if (directory_ != built_)
      std::filesystem::remove_all(directory_, ignored);
  }

  std::string path(const std::string& name) const {
    namespace fs = std::filesystem;
    auto result = directory_ / name;
    if (!fs::exists(result) && fs::exists(built_ / name))
      fs::copy_file(built_ / name, result);
    return result;
  }

private:
  static bool open_to_all(const std::filesystem::path& directory) {
    namespace fs = std::filesystem;
    for (auto x = directory; x != x.root_path(); x = x.parent_path())
      if ((fs::status(x).permissions() & fs::perms::others_exec)
          == fs::perms::none)
        return false;
    return true;
  }

  std::filesystem::path built_;
  std::filesystem::path directory_;
};

/// Returns the path of a program built with this test that every user can
/// start.
inline std::string public_program(const std::string& name) {
  static const public_programs programs;
  return programs.path(name);
}

} // namespace procession::test
