#include "json_rpc.hpp"

#include <utility>

namespace rpc {

bool is_id(const json& x) {
  return x.is_string() || x.is_number();
}

std::variant<request, response, failure> read_message(const json& x) {
  auto invalid = [&](const std::string& text) {
    auto id = x.is_object() && x.contains("id") && is_id(x["id"]) ? x["id"]
                                                                  : json{};
    return failure{id, code::invalid_request, text};
  };
  if (!x.is_object())
    return invalid("a message must be an object");
  auto version = x.find("jsonrpc");
  if (version == x.end() || *version != "2.0")
    return invalid("\"jsonrpc\" must be \"2.0\"");
  auto method = x.find("method");
  auto id = x.find("id");
  if (method == x.end()) {
    if (id != x.end() && (x.contains("result") || x.contains("error")))
      return response{};
    return invalid("there is no \"method\"");
  }
  request result;
  if (!method->is_string())
    return invalid("\"method\" must be a string");
  result.method = *method;
  if (id != x.end()) {
    if (!is_id(*id))
      return invalid("\"id\" must be a string or a number");
    result.id = *id;
  }
  if (auto params = x.find("params"); params != x.end() && !params->is_null()) {
    if (!params->is_object())
      return invalid("\"params\" must be an object");
    result.params = *params;
  }
  return result;
}

json make_result(const json& id, json result) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
}

json make_error(const failure& x) {
  return {{"jsonrpc", "2.0"},
          {"id", x.id},
          {"error", {{"code", static_cast<int>(x.code)}, {"message", x.text}}}};
}

json make_notification(const std::string& method, json params) {
  return {
    {"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}};
}

std::string to_line(const json& x) {
  return x.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace rpc
