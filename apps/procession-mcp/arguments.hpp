#pragma once

#include <procession/messages/exec_tool.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace tools {

using json = nlohmann::json;

/// A mistake in the arguments of a call, told to the model that made it.
class bad_arguments : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// The arguments of a call, each of which is to be asked for by name. Null is
/// no argument, and names that other tools have for one are as good as ours.
/// All functions throw `bad_arguments`, with the right usage.
class arguments {
public:
  /// @param tool the name of the tool.
  /// @param schema the tool's, with its arguments.
  /// @param given what the call has.
  arguments(std::string tool, const json& schema, const json& given);

  std::string text(const char* name);
  std::string needed_text(const char* name);
  bool flag(const char* name);
  std::uint64_t number(const char* name, std::uint64_t most,
                       std::uint64_t other = 0);
  caf::timespan milliseconds(const char* name);

  /// A list; one text is a list of it.
  std::vector<std::string> texts(const char* name);

  procession::environment variables(const char* name);

  /// Whether there is one of this name; it counts as asked for.
  bool has(const char* name);

  /// Fails if there are some that nobody asked for.
  void done();

  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail(const std::string& name,
                         const std::string& what) const;

private:
  const json* find(const char* name);

  std::string tool_;
  const json& schema_;
  /// By our names.
  json all_ = json::object();
  std::set<std::string> known_;
};

} // namespace tools
