#include "common/command_tree.hpp"

namespace procession {

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> result{{}};
  for (auto c : text)
    if (c == separator)
      result.emplace_back();
    else
      result.back() += c;
  return result;
}

} // namespace

std::string type_of(const CLI::Option& x) {
  // CLI11 appends the values that its checks allow.
  auto result = x.get_type_name();
  return result.substr(0, result.find(':'));
}

std::string description_of(const CLI::Option& x) {
  auto result = x.get_description();
  if (auto usual = x.get_default_str(); !usual.empty())
    result += "; default " + usual;
  return result;
}

namespace {

option_entry entry_of(const CLI::Option& x) {
  option_entry result;
  for (auto& name : x.get_snames())
    result.names.push_back('-' + name);
  for (auto& name : x.get_lnames())
    result.names.push_back("--" + name);
  result.description = description_of(x);
  if (x.get_items_expected_max() == 0)
    return result;
  result.value = type_of(x);
  result.kind = value_kind::anything;
  if (result.value == "DIR")
    result.kind = value_kind::directory;
  else if (result.value == "FILE" || result.value == "PATH")
    result.kind = value_kind::file;
  else if (result.value == "USER")
    result.kind = value_kind::user;
  else if (result.value == "COMMAND")
    result.kind = value_kind::program;
  else if (result.value.find('|') != std::string::npos) {
    result.kind = value_kind::choice;
    result.choices = split(result.value, '|');
  }
  return result;
}

/// Collects the options and subcommands of `app`, including those of its
/// groups.
void collect(const CLI::App& app, command_entry& to,
             std::vector<const CLI::App*>& below) {
  for (auto* x : app.get_options())
    if (x->get_group().empty())
      continue;
    else if (x->nonpositional())
      to.options.push_back(entry_of(*x));
    else
      to.positionals.push_back(x->get_required() ? x->get_name()
                                                 : '[' + x->get_name() + ']');
  for (auto* x : app.get_subcommands([](const CLI::App*) { return true; }))
    if (x->get_name().empty()) {
      collect(*x, to, below);
    } else if (!x->get_group().empty()) {
      to.subcommands.push_back(x->get_name());
      below.push_back(x);
    }
}

void add(const CLI::App& app, std::vector<std::string> path,
         std::vector<command_entry>& to) {
  command_entry x;
  x.app = &app;
  x.path = std::move(path);
  x.path.push_back(app.get_name());
  std::vector<const CLI::App*> below;
  collect(app, x, below);
  path = x.path;
  to.push_back(std::move(x));
  for (auto* y : below)
    add(*y, path, to);
}

} // namespace

std::string command_entry::name(std::string_view separator) const {
  std::string result;
  for (auto& word : path)
    result.append(result.empty() ? "" : separator).append(word);
  return result;
}

std::vector<command_entry> entries_of(const CLI::App& program) {
  std::vector<command_entry> result;
  add(program, {}, result);
  return result;
}

} // namespace procession
