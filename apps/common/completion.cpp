// The shell completions of a manual.
#include "common/command_tree.hpp"
#include "common/manual.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

namespace procession {

namespace {

/// Returns `text` as the name of a function or variable.
std::string identifier(std::string text) {
  std::replace_if(
    text.begin(), text.end(), [](char c) { return c == '-' || c == ' '; }, '_');
  return text;
}

/// Returns `text` as one word of a shell; fish reads it, too.
std::string shell_word(std::string_view text) {
  std::string result = "'";
  for (auto c : text)
    if (c == '\'')
      result += "'\\''";
    else
      result += c;
  return result + '\'';
}

/// Returns the path below the program; empty for the program itself.
std::string path_below(const command_entry& x) {
  return CLI::detail::join(
    std::vector<std::string>{x.path.begin() + 1, x.path.end()}, " ");
}

/// Returns the path of a word below such a path.
std::string below(const std::string& path, const std::string& word) {
  return path.empty() ? word : path + ' ' + word;
}

/// Returns the candidates in place of an option or a subcommand.
std::string words_of(const command_entry& x) {
  auto result = x.subcommands;
  for (auto& option : x.options)
    result.insert(result.end(), option.names.begin(), option.names.end());
  return CLI::detail::join(result, " ");
}

/// Returns the first sentence, or its part before a semicolon.
std::string headline(const std::string& text) {
  return text.substr(0, text.find_first_of(";."));
}

/// How the shells complete the values of a type.
struct completer {
  std::string_view type;
  /// An option of compgen.
  std::string_view bash;
  std::string_view zsh;
  std::string_view fish;
};

constexpr std::array<completer, 5> completers{{
  {"DIR", "-d", "_directories", " -xa '(__fish_complete_directories)'"},
  {"FILE", "-f", "_files", " -rF"},
  {"PATH", "-f", "_files", " -rF"},
  {"USER", "-u", "_users", " -xa '(__fish_complete_users)'"},
  {"COMMAND", "-c", "_command_names", " -xa '(__fish_complete_command)'"},
}};

/// Returns null for values that we cannot guess.
const completer* completer_of(const option_entry& x) {
  auto i = std::find_if(completers.begin(), completers.end(),
                        [&](auto& y) { return y.type == x.value; });
  return i != completers.end() ? &*i : nullptr;
}

/// Returns the words of a choice; empty for another type.
std::string choices_of(const option_entry& x) {
  auto result = x.value;
  if (result.find('|') == std::string::npos)
    return {};
  std::replace(result.begin(), result.end(), '|', ' ');
  return result;
}

// -- bash ---------------------------------------------------------------------

std::string bash_values(const option_entry& x) {
  std::string source;
  if (auto words = choices_of(x); !words.empty())
    source = "-W " + shell_word(words);
  else if (auto* known = completer_of(x))
    source = known->bash;
  else
    return ":";
  return "mapfile -t COMPREPLY < <(compgen " + source + " -- \"$cur\")";
}

// -- zsh ----------------------------------------------------------------------

/// Returns `text` as it must stand in a specification of _arguments.
std::string zsh_escaped(std::string_view text) {
  std::string result;
  for (auto c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\')
      result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_values(const option_entry& x) {
  if (x.value.empty())
    return "";
  if (auto words = choices_of(x); !words.empty())
    return ":value:(" + words + ')';
  auto* known = completer_of(x);
  return (':' + zsh_escaped(x.value) + ':').append(known ? known->zsh : "");
}

std::string zsh_option(const option_entry& x) {
  auto tail = '[' + zsh_escaped(headline(x.description)) + ']' + zsh_values(x);
  std::string result;
  for (auto& name : x.names)
    result += " \\\n    " + shell_word('*' + name + tail);
  return result;
}

// -- fish ---------------------------------------------------------------------

std::string fish_values(const option_entry& x) {
  if (x.value.empty())
    return "";
  if (auto words = choices_of(x); !words.empty())
    return " -xa " + shell_word(words);
  auto* known = completer_of(x);
  return std::string{known ? known->fish : " -x"};
}

} // namespace

std::string manual::bash_completion() const {
  auto all = entries_of(app_);
  auto& name = app_.get_name();
  auto function = '_' + identifier(name);
  std::ostringstream steps;
  std::ostringstream values;
  std::ostringstream words;
  for (auto& x : all) {
    auto here = path_below(x);
    for (auto& sub : x.subcommands)
      steps << "      " << shell_word(here + '/' + sub)
            << ") command=" << shell_word(below(here, sub)) << " ;;\n";
    if (followed_by_program(*x.app))
      steps << "      " << shell_word(here + "/--") << ") " << function
            << "_program $((i + 1)); return ;;\n";
    for (auto& option : x.options)
      if (!option.value.empty()) {
        std::vector<std::string> patterns;
        for (auto& y : option.names)
          patterns.push_back(shell_word(here + '/' + y));
        values << "    " << CLI::detail::join(patterns, " | ") << ") "
               << bash_values(option) << "; return ;;\n";
      }
    words << "    " << shell_word(here) << ") words=" << shell_word(words_of(x))
          << " ;;\n";
  }
  std::ostringstream out;
  out << "# Completion of " << name
      << " for bash; generated from its --help.\n\n"
      << "# The command line of another program begins at word $1.\n"
      << function << "_program() {\n"
      << "  if declare -F _command_offset >/dev/null; then\n"
      << "    _command_offset \"$1\"\n"
      << "  elif (($1 == COMP_CWORD)); then\n"
      << "    mapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
      << "  else\n"
      << "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
      << "  fi\n"
      << "}\n\n"
      << function << "() {\n"
      << "  local cur=${COMP_WORDS[COMP_CWORD]} "
         "prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
      << "  local command= words= i\n"
      << "  COMPREPLY=()\n"
      << "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      << "    case $command/${COMP_WORDS[i]} in\n"
      << steps.str() << "    esac\n"
      << "  done\n"
      << "  # --option=value comes as three words.\n"
      << "  if [[ $cur == = ]]; then\n"
      << "    cur=\n"
      << "  elif [[ $prev == = ]]; then\n"
      << "    prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
      << "  fi\n"
      << "  case $command/$prev in\n"
      << values.str() << "  esac\n"
      << "  case $command in\n"
      << words.str() << "  esac\n"
      << "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
      << "}\n\n"
      << "complete -F " << function << ' ' << name << '\n';
  return out.str();
}

std::string manual::zsh_completion() const {
  auto& name = app_.get_name();
  std::ostringstream out;
  out << "#compdef " << name << "\n# Generated from its --help.\n";
  auto all = entries_of(app_);
  auto description_of = [&](const std::string& path) {
    for (auto& x : all)
      if (x.name() == path)
        return headline(x.app->get_description());
    return std::string{};
  };
  for (auto& x : all) {
    auto function = '_' + identifier(x.name());
    out << '\n' << function << "() {\n";
    if (!x.subcommands.empty())
      out << "  local context state state_descr line\n"
          << "  typeset -A opt_args\n";
    out << "  _arguments -S";
    if (!x.subcommands.empty())
      out << " -C";
    for (auto& option : x.options)
      out << zsh_option(option);
    if (followed_by_program(*x.app))
      out << " \\\n    '*:: :_normal'";
    if (x.subcommands.empty()) {
      out << "\n}\n";
      continue;
    }
    out << " \\\n    '1:command:((";
    for (auto& sub : x.subcommands)
      out << (&sub == &x.subcommands.front() ? "" : " ") << sub << "\\:\""
          << zsh_escaped(description_of(x.name() + ' ' + sub)) << '"';
    out << "))' \\\n    '*:: :->argument' && return\n"
        << "  case $line[1] in\n";
    for (auto& sub : x.subcommands)
      out << "    " << sub << ") " << function << '_' << identifier(sub)
          << " ;;\n";
    out << "  esac\n}\n";
  }
  out << "\n_" << identifier(name) << " \"$@\"\n";
  return out.str();
}

std::string manual::fish_completion() const {
  auto& name = app_.get_name();
  auto at = "__" + identifier(name) + "_at";
  auto all = entries_of(app_);
  std::ostringstream steps;
  std::ostringstream offers;
  for (auto& x : all) {
    auto here = path_below(x);
    // fish writes a quote within quotes differently.
    auto condition = '"' + at + " '" + here + "'\"";
    auto begin = "complete -c " + name + " -n " + condition;
    for (auto& sub : x.subcommands) {
      auto path = below(here, sub);
      steps << "            case " << shell_word(here + '/' + sub)
            << "\n                set command " << shell_word(path) << '\n';
      auto entry = std::find_if(all.begin(), all.end(),
                                [&](auto& y) { return path_below(y) == path; });
      offers << begin << " -a " << sub << " -d "
             << shell_word(headline(entry->app->get_description())) << '\n';
    }
    if (followed_by_program(*x.app)) {
      steps << "            case " << shell_word(here + "/--")
            << "\n                set command " << shell_word(below(here, "--"))
            << "\n                break\n";
      offers << "complete -c " << name << " -n \"" << at << " '"
             << below(here, "--") << "'\" -F -a '(__fish_complete_command)'\n";
    }
    for (auto& option : x.options) {
      offers << begin;
      for (auto& y : option.names)
        offers << (y[1] == '-' ? " -l " : " -s ")
               << y.substr(y.find_first_not_of('-'));
      offers << fish_values(option) << " -d "
             << shell_word(headline(option.description)) << '\n';
    }
  }
  std::ostringstream out;
  out << "# Completion of " << name
      << " for fish; generated from its --help.\n\n"
      << "# Tests whether the command line is within that subcommand.\n"
      << "function " << at << "\n"
      << "    set -l command ''\n"
      << "    set -l words (commandline -opc)\n"
      << "    for word in $words[2..-1]\n"
      << "        switch \"$command/$word\"\n"
      << steps.str() << "        end\n"
      << "    end\n"
      << "    test \"$command\" = \"$argv[1]\"\n"
      << "end\n\n"
      << "complete -c " << name << " -f\n"
      << offers.str();
  return out.str();
}

} // namespace procession
