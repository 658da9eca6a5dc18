#include "common/manual.hpp"

#include "common/command_tree.hpp"
#include "common/standard_streams.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <sstream>

namespace procession {

namespace {

// -- footers ------------------------------------------------------------------

/// A piece of a footer; see `manual`.
struct block {
  enum kind { heading, paragraph, term, verbatim };
  kind what;
  std::string text;
  /// The meaning of a term.
  std::string meaning = {};
};

std::vector<block> parse_footer(const std::string& text) {
  std::vector<block> result;
  std::istringstream lines{text};
  auto fresh = true;
  for (std::string line; std::getline(lines, line);) {
    auto indent = std::min(line.find_first_not_of(' '), line.size());
    auto last = result.empty() ? nullptr : &result.back();
    auto gap = line.find("  ", indent);
    auto is_term = indent == 2 && gap != std::string::npos;
    if (line.empty()) {
      fresh = true;
      continue;
    }
    if (indent == 0 && fresh && line.back() == ':')
      result.push_back({block::heading, line.substr(0, line.size() - 1)});
    else if (indent == 0 && !fresh && last != nullptr
             && last->what == block::paragraph)
      last->text += ' ' + line;
    else if (indent == 0)
      result.push_back({block::paragraph, line});
    else if (is_term)
      result.push_back({block::term, line.substr(indent, gap - indent),
                        line.substr(line.find_first_not_of(' ', gap))});
    else if (indent > 2 && !fresh && last != nullptr
             && last->what == block::term)
      last->meaning += ' ' + line.substr(indent);
    else if (!fresh && last != nullptr && last->what == block::verbatim)
      last->text += '\n' + line.substr(std::min<std::size_t>(indent, 2));
    else
      result.push_back(
        {block::verbatim, line.substr(std::min<std::size_t>(indent, 2))});
    fresh = false;
  }
  return result;
}

// -- roff ---------------------------------------------------------------------

/// Returns `text` escaped, so that roff shows it literally (groff_char(7)).
std::string roff(std::string_view text) {
  static const std::map<char, std::string_view> escapes{
    {'\\', "\\e"},  {'-', "\\-"},    {'~', "\\(ti"},
    {'^', "\\(ha"}, {'\'', "\\(aq"}, {'`', "\\(ga"}};
  std::string result;
  auto at_line_start = true;
  for (auto c : text) {
    if (at_line_start && (c == '.' || c == '\''))
      result += "\\&";
    if (auto i = escapes.find(c); i != escapes.end())
      result += i->second;
    else
      result += c;
    at_line_start = c == '\n';
  }
  return result;
}

/// Returns `text` as the argument of a macro.
std::string roff_argument(std::string_view text) {
  std::string result = "\"";
  for (auto c : roff(text))
    result += c == '"' ? "\\(dq" : std::string{c};
  return result + '"';
}

std::string upper(std::string text) {
  for (auto& c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// Returns a description as part of a sentence.
std::string phrase(std::string text) {
  while (!text.empty() && text.back() == '.')
    text.pop_back();
  if (!text.empty())
    text[0] = static_cast<char>(
      std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

void print_footer(std::ostream& out, const std::string& footer,
                  std::string_view heading) {
  // After a heading, a paragraph begins by itself.
  auto paragraph = ".PP\n";
  for (auto& x : parse_footer(footer)) {
    switch (x.what) {
      case block::heading:
        out << heading << ' '
            << roff_argument(heading == ".SH" ? upper(x.text) : x.text) << '\n';
        break;
      case block::paragraph:
        out << paragraph << roff(x.text) << '\n';
        break;
      case block::term:
        out << ".TP\n\\fB" << roff(x.text) << "\\fR\n"
            << roff(x.meaning) << '\n';
        break;
      case block::verbatim:
        out << paragraph << ".nf\n" << roff(x.text) << "\n.fi\n";
        break;
    }
    paragraph = x.what == block::heading ? "" : ".PP\n";
  }
}

void print_options(std::ostream& out, const std::vector<option_entry>& xs) {
  for (auto& x : xs) {
    out << ".TP\n";
    for (std::size_t i = 0; i < x.names.size(); ++i)
      out << (i == 0 ? "" : ", ") << "\\fB" << roff(x.names[i]) << "\\fR";
    if (!x.value.empty())
      out << " \\fI" << roff(x.value) << "\\fR";
    out << '\n' << roff(x.description) << ".\n";
  }
}

/// Returns lines of at most `width` characters.
std::string wrapped(const std::string& text, std::size_t width) {
  std::string result;
  std::size_t used = 0;
  std::istringstream words{text};
  for (std::string word; words >> word; used += word.size()) {
    if (used > 0 && used + 1 + word.size() > width) {
      result += '\n';
      used = 0;
    } else if (used > 0) {
      result += ' ';
      ++used;
    }
    result += word;
  }
  return result;
}

} // namespace

// -- help ---------------------------------------------------------------------

class manual::formatter : public CLI::Formatter {
public:
  explicit formatter(const manual& owner) : owner_(owner) {
    column_width(26);
  }

  std::string make_usage(const CLI::App* app, std::string) const override {
    return owner_.usage(*app);
  }

  // Only the type; the descriptions say which options exclude each other.
  std::string make_option_opts(const CLI::Option* x) const override {
    return x->get_items_expected_max() == 0 ? "" : ' ' + type_of(*x);
  }

  std::string make_option_desc(const CLI::Option* x) const override {
    // Groups of options are indented once more.
    return wrapped(description_of(*x), 78 - get_column_width());
  }

private:
  const manual& owner_;
};

manual::manual(CLI::App& app, std::string version)
  : app_(app), version_(std::move(version)) {
  app.formatter(std::make_shared<formatter>(*this));
  app.set_version_flag("--version", version_, "Print the version and exit");
}

void manual::takes_program(const CLI::App& command) {
  programs_.push_back(&command);
}

bool manual::followed_by_program(const CLI::App& command) const {
  return std::find(programs_.begin(), programs_.end(), &command)
         != programs_.end();
}

std::string manual::usage(const CLI::App& command) const {
  std::string result;
  auto line = [&](const std::string& text) {
    result += (result.empty() ? "Usage: " : "       ") + text + '\n';
  };
  auto all = entries_of(app_);
  auto here = std::find_if(all.begin(), all.end(), [&](const command_entry& x) {
    return x.app == &command;
  });
  if (here == all.end())
    return result;
  for (auto& x : all) {
    auto below = x.path.size() >= here->path.size()
                 && std::equal(here->path.begin(), here->path.end(),
                               x.path.begin());
    if (!below || !x.subcommands.empty())
      continue;
    auto text = x.name() + " [OPTIONS]";
    for (auto& word : x.positionals)
      text += ' ' + word;
    if (followed_by_program(*x.app))
      text += " -- PROGRAM [ARGS...]";
    line(text);
  }
  if (&command == &app_)
    line(app_.get_name() + " --version | --help");
  return result;
}

// -- man page -----------------------------------------------------------------

std::string manual::man_page(const std::string& date) const {
  std::ostringstream out;
  auto all = entries_of(app_);
  auto& name = app_.get_name();
  out << ".\\\" Generated from " << name << " --help.\n"
      << ".TH " << upper(name) << " 1 \"" << date << "\" "
      << roff_argument(version_) << " \"User Commands\"\n.SH NAME\n"
      << roff(name) << " \\- " << roff(phrase(app_.get_description()))
      << "\n.SH SYNOPSIS\n.nf\n";
  std::istringstream lines{usage(app_)};
  for (std::string line; std::getline(lines, line);)
    out << roff(line.substr(7)) << '\n';
  out << ".fi\n";
  for (auto& x : all) {
    // The section of the program itself begins in the usual way.
    auto top = x.app == &app_;
    if (top)
      out << ".SH OPTIONS\n";
    else
      out << ".SH " << roff_argument(upper(x.name())) << '\n'
          << roff(x.app->get_description()) << ".\n";
    print_options(out, x.options);
    print_footer(out, x.app->get_footer(), top ? ".SH" : ".SS");
  }
  return out.str();
}

std::optional<std::string>
manual::document(const std::vector<std::string>& args) const {
  if (args.size() < 2 || args[0] != "--document")
    return std::nullopt;
  if (args[1] == "man" && args.size() == 3)
    return man_page(args[2]);
  if (args.size() != 2)
    return std::nullopt;
  if (args[1] == "bash")
    return bash_completion();
  if (args[1] == "zsh")
    return zsh_completion();
  if (args[1] == "fish")
    return fish_completion();
  return std::nullopt;
}

bool manual::print_document(const std::vector<std::string>& args) const {
  auto text = document(args);
  if (text)
    print(*text);
  return text.has_value();
}

std::optional<int> manual::print_answer(const CLI::ParseError& x) const {
  if (x.get_exit_code() != 0)
    return std::nullopt;
  std::ostringstream text;
  auto code = app_.exit(x, text, text);
  print(text.str());
  return code;
}

} // namespace procession
