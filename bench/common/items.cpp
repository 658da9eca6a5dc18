#include "items.hpp"

#include <exception>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace procession::bench {

std::string arguments::word() {
  if (next_ == words_.size())
    throw std::runtime_error{"an argument is missing"};
  return words_[next_++];
}

std::uint64_t arguments::number() {
  return std::stoull(word());
}

std::vector<std::string> arguments::command() {
  auto first = word();
  std::vector<std::string> result{std::move(first)};
  while (next_ < words_.size())
    result.push_back(word());
  return result;
}

int measure(const items& known, std::vector<std::string> words) {
  auto item = words.empty() ? known.end() : known.find(words.front());
  if (item == known.end()) {
    std::cerr << "Usage: ITEM ARGUMENT...; items:";
    for (auto& [name, f] : known)
      std::cerr << ' ' << name;
    std::cerr << '\n';
    return 2;
  }
  try {
    words.erase(words.begin());
    arguments rest{std::move(words)};
    item->second(rest);
    return 0;
  } catch (const std::exception& x) {
    std::cerr << item->first << ": " << x.what() << '\n';
    return 1;
  }
}

} // namespace procession::bench
