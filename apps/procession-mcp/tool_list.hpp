#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace tools {

using json = nlohmann::json;

/// The features of a client's version of the protocol.
struct features {
  bool annotations = false;
  bool structured_content = false;
  bool progress_message = false;
};

/// Facts about the place where commands run, for descriptions.
struct surroundings {
  /// The words before a command.
  std::vector<std::string> shell;
  /// The default working directory.
  std::string directory;
};

/// Returns the result of `tools/list`: every tool with its schemas.
json describe(features client, const surroundings& where);

/// Returns the schema of a tool's arguments; null if there is no such tool.
const json* find_schema(const std::string& name);

} // namespace tools
