#include "common/standard_streams.hpp"

#include <iostream>

namespace procession {

void print(std::string_view text) {
  std::cout << text << std::flush;
}

void say(std::string_view text) {
  std::cerr << text << std::flush;
}

} // namespace procession
