#include "common/command_tree.hpp"

namespace procession {

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
  if (x.get_items_expected_max() > 0)
    result.value = type_of(x);
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

std::string command_entry::name() const {
  return CLI::detail::join(path, " ");
}

std::vector<command_entry> entries_of(const CLI::App& program) {
  std::vector<command_entry> result;
  add(program, {}, result);
  return result;
}

} // namespace procession
