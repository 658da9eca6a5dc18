#include "json_rpc.hpp"

#include <utility>

namespace rpc {

namespace {

bool is_id(const json& x) {
  return x.is_string() || x.is_number_integer();
}

} // namespace

std::variant<request, response, failure> read_message(const json& x) {
  auto invalid = [&](const std::string& text) {
    auto id = x.is_object() && x.contains("id") && is_id(x["id"]) ? x["id"]
                                                                  : json{};
    return failure{id, code::invalid_request, text};
  };
  if (!x.is_object())
    return invalid("a message is an object");
  auto version = x.find("jsonrpc");
  if (version == x.end() || *version != "2.0")
    return invalid("\"jsonrpc\" is not \"2.0\"");
  auto method = x.find("method");
  auto id = x.find("id");
  if (method == x.end()) {
    if (id != x.end() && (x.contains("result") || x.contains("error")))
      return response{};
    return invalid("there is no \"method\"");
  }
  request result;
  if (!method->is_string())
    return invalid("\"method\" is no string");
  result.method = *method;
  if (id != x.end()) {
    if (!is_id(*id))
      return invalid("\"id\" is neither a string nor an integer");
    result.id = *id;
  }
  if (auto params = x.find("params"); params != x.end()) {
    if (!params->is_object())
      return invalid("\"params\" is no object");
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
