#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <variant>

/// JSON-RPC 2.0 (https://www.jsonrpc.org/specification), as far as MCP uses it.
namespace rpc {

using json = nlohmann::json;

/// The codes of the specification.
enum class code {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  internal_error = -32603,
};

/// A request, or a notification, which has no id.
struct request {
  std::optional<json> id;
  std::string method;
  json params = json::object();
};

/// The error that answers a request, or a line that is not a message.
struct failure {
  json id;
  rpc::code code = code::invalid_request;
  std::string text;
};

/// An answer to a request. We make no requests.
struct response {};

/// A mistake in the parameters of a request.
class bad_params : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Returns whether a request may have this id.
bool is_id(const json& x);

/// Reads one message.
std::variant<request, response, failure> read_message(const json& x);

json make_result(const json& id, json result);
json make_error(const failure& x);
json make_notification(const std::string& method, json params);

/// Writes JSON as one line, with U+FFFD in place of invalid UTF-8.
std::string to_line(const json& x);

} // namespace rpc
