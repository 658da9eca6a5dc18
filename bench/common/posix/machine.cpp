#include "../machine.hpp"

#include "../phase.hpp"

#include <malloc.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace procession::bench {

usage read_usage() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& x) { return x.tv_sec + x.tv_usec * 1e-6; };
  return {seconds(used.ru_utime) + seconds(used.ru_stime),
          static_cast<std::uint64_t>(used.ru_nvcsw),
          static_cast<std::uint64_t>(used.ru_nivcsw)};
}

std::uint64_t private_memory() {
  ::malloc_trim(0);
  std::ifstream in{"/proc/self/status"};
  constexpr std::string_view name = "RssAnon:";
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name))
      return std::stoull(line.substr(name.size())) * 1024;
  return 0;
}

std::size_t open_descriptors() {
  // One of them is the one that reads the directory.
  namespace fs = std::filesystem;
  auto n = std::distance(fs::directory_iterator{"/proc/self/fd"}, {});
  return static_cast<std::size_t>(n) - 1;
}

std::vector<std::string> shortest_command() {
  return {"/bin/true"};
}

void prepare_process() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  std::signal(SIGPIPE, SIG_IGN);
}

} // namespace procession::bench
