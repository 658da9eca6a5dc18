#include "procession/platform/posix/keeper_image.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U // Linux 6.3
#endif

// keeper_image.S
extern "C" const char procession_keeper_image_begin[];
extern "C" const char procession_keeper_image_end[];

namespace procession::posix {

namespace {

std::string_view keeper_image() {
  return {procession_keeper_image_begin,
          static_cast<std::size_t>(procession_keeper_image_end
                                   - procession_keeper_image_begin)};
}

void write_image(const unique_fd& file, std::error_code& ec) {
  auto rest = keeper_image();
  while (!rest.empty()) {
    auto n = ::write(file.get(), rest.data(), rest.size());
    if (n < 0 && errno != EINTR) {
      ec = last_error();
      return;
    }
    if (n > 0)
      rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

unique_fd write_to_memory(std::error_code& ec) {
  // Without the flag newer kernels may warn or forbid execution; older ones do
  // not know it.
  auto result = unique_fd{
    ::memfd_create("procession-keeper", MFD_CLOEXEC | MFD_EXEC)};
  if (!result && errno == EINVAL)
    result.reset(::memfd_create("procession-keeper", MFD_CLOEXEC));
  if (!result)
    ec = last_error();
  else
    write_image(result, ec);
  return result;
}

bool same_file(const unique_fd& x, const unique_fd& y) {
  struct stat a;
  struct stat b;
  return ::fstat(x.get(), &a) == 0 && ::fstat(y.get(), &b) == 0
         && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

unique_fd write_to(const std::string& directory, std::error_code& ec) {
  auto name = directory + "/procession-keeper-XXXXXX";
  auto file = unique_fd{::mkostemp(name.data(), O_CLOEXEC)};
  if (!file) {
    ec = last_error();
    return {};
  }
  // A file with an open descriptor for writing cannot be executed (ETXTBSY), so
  // this opens another one. The directory may not be ours alone, hence the
  // check that it is the same file.
  auto result = unique_fd{::open(name.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!result)
    ec = last_error();
  ::unlink(name.c_str());
  struct statvfs system;
  if (!ec
      && (!same_file(file, result)
          || ::fchmod(file.get(), S_IRUSR | S_IXUSR) != 0
          || ::fstatvfs(file.get(), &system) != 0
          || (system.f_flag & ST_NOEXEC) != 0))
    ec.assign(EACCES, std::system_category());
  if (!ec)
    write_image(file, ec);
  return result;
}

} // namespace

unique_fd open_keeper_image(std::error_code& ec) {
  auto* own = ::getenv("XDG_RUNTIME_DIR");
  auto result = write_to_memory(ec);
  for (auto* directory : {static_cast<const char*>(own), "/run", "/dev/shm",
                          "/tmp", "/var/tmp"}) {
    if (!ec)
      break;
    // The other places need a descriptor, too.
    if (no_descriptor_left(ec.value()))
      break;
    if (directory == nullptr || *directory != '/')
      continue;
    ec.clear();
    result = write_to(directory, ec);
  }
  return at_least_3(std::move(result), ec);
}

} // namespace procession::posix
