// What this library does: the measured items as programs on it would do them.
#include "../common/machine.hpp"
#include "measured.hpp"

#include <cstring>
#include <iostream>
#include <string>

namespace procession::bench {

namespace {

constexpr auto usage_text
  = "Usage: procession_bench [--runner] [--containment cgroup|marker] ITEM "
    "ARGUMENT...\n";

/// Takes the options from the front of the words.
place_options take_options(std::vector<std::string>& words) {
  place_options result;
  auto take = [&] {
    auto word = words.empty() ? std::string{} : words.front();
    if (!words.empty())
      words.erase(words.begin());
    return word;
  };
  while (!words.empty() && words.front().starts_with("--")) {
    auto option = take();
    auto value = option == "--containment" ? take() : std::string{};
    if (option == "--runner")
      result.in_runner = true;
    else if (value == "cgroup")
      result.containment = containment_kind::cgroup;
    else if (value == "marker")
      result.containment = containment_kind::marker;
    else
      throw std::invalid_argument{option + " " + value};
  }
  return result;
}

int run(std::vector<std::string> words) {
  place_options options;
  try {
    options = take_options(words);
  } catch (const std::invalid_argument& x) {
    std::cerr << x.what() << '\n' << usage_text;
    return 2;
  }
  prepare_process();
  using item = void (*)(place&, arguments&);
  auto here = [&](item f) {
    return [=](arguments& args) {
      place where{options};
      f(where, args);
    };
  };
  return measure({{"flood", here(flood)},
                  {"feed", here(feed)},
                  {"fanout", here(fanout)},
                  {"echo", here(echo)},
                  {"agent", here(agent)},
                  {"spawn", here(spawn)},
                  {"exec", here(exec)},
                  {"idle", here(idle)}},
                 std::move(words));
}

} // namespace

} // namespace procession::bench

int main(int argc, char** argv) {
  return procession::bench::run({argv + 1, argv + argc});
}
