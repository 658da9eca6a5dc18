#include "machine.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <sstream>
#include <string>

namespace procession::bench {

namespace {

namespace fs = std::filesystem;

std::size_t entries(const char* directory) {
  return static_cast<std::size_t>(
    std::distance(fs::directory_iterator{directory}, {}));
}

/// Returns the number after `name` in a file of lines `name: number`.
std::uint64_t field(const fs::path& file, const std::string& name) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);)
    if (line.rfind(name + ":", 0) == 0)
      return std::stoull(line.substr(name.size() + 1));
  return 0;
}

std::size_t count_children() {
  auto own = std::to_string(::getpid());
  std::size_t result = 0;
  for (auto& entry : fs::directory_iterator{"/proc"}) {
    if (entry.path().filename().string().find_first_not_of("0123456789")
        != std::string::npos)
      continue;
    std::ifstream in{entry.path() / "stat"};
    // A process may end while it is read.
    std::ostringstream content;
    content << in.rdbuf();
    auto text = content.str();
    // State and parent follow the name, which may contain anything.
    auto name_end = text.rfind(") ");
    if (name_end != std::string::npos
        && text.compare(name_end + 4, own.size() + 1, own + " ") == 0)
      ++result;
  }
  return result;
}

} // namespace

holdings count_holdings() {
  // One of the descriptors is the one used for counting.
  return {entries("/proc/self/fd") - 1, entries("/proc/self/task"),
          count_children()};
}

usage read_usage() {
  usage result;
  result.resident = field("/proc/self/status", "RssAnon") * 1024;
  auto heap = ::mallinfo2();
  result.heap = heap.uordblks + heap.hblkhd;
  rusage times{};
  ::getrusage(RUSAGE_SELF, &times);
  auto seconds = [](const timeval& x) { return x.tv_sec + x.tv_usec * 1e-6; };
  result.cpu = seconds(times.ru_utime) + seconds(times.ru_stime);
  for (auto& task : fs::directory_iterator{"/proc/self/task"})
    result.wakeups += field(task.path() / "status", "voluntary_ctxt_switches");
  return result;
}

void trim_heap() {
  ::malloc_trim(0);
}

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

ballast::ballast(std::size_t bytes)
  : memory_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
    size_(bytes) {
  if (memory_ == MAP_FAILED)
    throw std::bad_alloc{};
  std::memset(memory_, 1, size_);
}

ballast::~ballast() {
  ::munmap(memory_, size_);
}

} // namespace procession::bench
