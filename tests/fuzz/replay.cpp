/// Stands in for libFuzzer where its targets are built without it: gives the
/// target every file of the command line, and every file in its directories.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size);

namespace {

int replayed = 0;

void replay(const std::filesystem::path& path) {
  // Printed first: the target may end the process.
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  std::ifstream file{path, std::ios::binary};
  std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
  // Of exactly that size, so that reading beyond it is seen.
  std::vector<std::uint8_t> data{bytes.begin(), bytes.end()};
  LLVMFuzzerTestOneInput(data.data(), data.size());
  ++replayed;
}

} // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      replay(argv[i]);
      continue;
    }
    for (auto& entry : std::filesystem::directory_iterator{argv[i]})
      if (entry.is_regular_file())
        replay(entry.path());
  }
  std::printf("%d inputs\n", replayed);
  return replayed > 0 ? 0 : 1;
}
