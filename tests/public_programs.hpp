#pragma once

#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace procession::test {

/// The programs built with this test, in a place where every user can start
/// them: next to the test or, if its directory is closed to others, copies in a
/// directory that is removed with this object.
class public_programs {
public:
  public_programs() {
    namespace fs = std::filesystem;
    directory_ = fs::read_symlink("/proc/self/exe").parent_path();
    if (open_to_all(directory_))
      return;
    auto name = (fs::temp_directory_path() / "programs-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw std::runtime_error{"no directory for programs: " + name};
    copied_ = true;
    auto built = std::exchange(directory_, name);
    fs::permissions(directory_, fs::perms{0755});
    for (auto program : {"procession", "procession-runner", "procession-mcp"})
      fs::copy_file(built / program, directory_ / program);
  }

  public_programs(const public_programs&) = delete;
  public_programs& operator=(const public_programs&) = delete;

  ~public_programs() {
    std::error_code ignored;
    if (copied_)
      std::filesystem::remove_all(directory_, ignored);
  }

  std::string path(const std::string& name) const {
    return directory_ / name;
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

  std::filesystem::path directory_;
  bool copied_ = false;
};

} // namespace procession::test
