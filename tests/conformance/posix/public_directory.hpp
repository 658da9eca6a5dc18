#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace procession::test {

/// A new directory in which runners of other users can read files. Removed,
/// with all that it holds, by the destructor.
class public_directory {
public:
  public_directory() {
    auto name
      = (std::filesystem::temp_directory_path() / "public-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::system_error{errno, std::system_category(), name};
    path_ = name;
    std::filesystem::permissions(path_, std::filesystem::perms{0755});
  }

  public_directory(const public_directory&) = delete;
  public_directory& operator=(const public_directory&) = delete;

  ~public_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const noexcept {
    return path_;
  }

private:
  std::filesystem::path path_;
};

} // namespace procession::test
