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

/// A mistake in the arguments of a call, reported to the model that made it.
class bad_arguments : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// The arguments of a call, each of which must be asked for by name. A null
/// counts as missing, and the names that other tools use for an argument are
/// accepted, too. All functions throw `bad_arguments`, with the right usage.
class arguments {
public:
  /// @param tool the name of the tool.
  /// @param schema of the tool's arguments; must outlive this.
  /// @param given the arguments of the call; null if there are none.
  arguments(std::string tool, const json& schema, const json& given);

  std::string text(const char* name);
  std::string needed_text(const char* name);
  bool flag(const char* name);
  std::uint64_t number(const char* name, std::uint64_t most,
                       std::uint64_t other = 0);
  caf::timespan milliseconds(const char* name);

  /// Returns a list. A single text counts as a list of one.
  std::vector<std::string> texts(const char* name);

  procession::environment variables(const char* name);

  /// Returns whether there is an argument of this name, which counts as asked
  /// for.
  bool has(const char* name);

  /// Fails if an argument was not asked for.
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
