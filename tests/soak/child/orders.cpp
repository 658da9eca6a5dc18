#include "orders.hpp"

#include <map>
#include <stdexcept>

namespace procession::soak {

namespace {

/// Calls `f` with the name and the value of each member that is a number.
template <class Orders, class F>
void each_number(Orders& x, F f) {
  f("number", x.number);
  f("seed", x.seed);
  f("outseed", x.out_seed);
  f("errseed", x.err_seed);
  f("inseed", x.in_seed);
  f("out", x.out);
  f("err", x.err);
  f("in", x.in);
  f("use", x.use);
  f("ends", x.input_ends);
  f("terminal", x.terminal);
  f("notify", x.notify);
  f("pause", x.pause);
  f("stubborn", x.stubborn);
  f("holds", x.tree_holds);
  f("end", x.end);
  f("value", x.value);
}

} // namespace

std::vector<std::string> to_words(const orders& x) {
  std::vector<std::string> result{"report=" + x.report};
  each_number(x, [&](const char* name, auto value) {
    auto number = static_cast<std::uint64_t>(value);
    if (number != 0)
      result.push_back(name + ("=" + std::to_string(number)));
  });
  std::string tree;
  for (auto kind : x.tree)
    tree += static_cast<char>('0' + static_cast<int>(kind));
  if (!tree.empty())
    result.push_back("tree=" + tree);
  return result;
}

orders from_words(int argc, char** argv) {
  std::map<std::string, std::string> words;
  for (auto i = 1; i < argc; ++i) {
    auto word = std::string{argv[i]};
    auto equals = word.find('=');
    if (equals == std::string::npos)
      throw std::invalid_argument{word};
    words[word.substr(0, equals)] = word.substr(equals + 1);
  }
  orders result;
  result.report = words["report"];
  each_number(result, [&]<class T>(const char* name, T& value) {
    if (auto i = words.find(name); i != words.end())
      value = static_cast<T>(std::stoull(i->second));
  });
  for (auto c : words["tree"]) {
    auto kind = static_cast<descendant>(c - '0');
    if (kind > last_descendant)
      throw std::invalid_argument{"tree"};
    result.tree.push_back(kind);
  }
  return result;
}

} // namespace procession::soak
