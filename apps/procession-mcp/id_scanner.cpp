#include "id_scanner.hpp"

#include <utility>

namespace {

/// A longer name cannot be "id", and longer ids are ignored.
constexpr std::size_t max_token = 256;

} // namespace

void id_scanner::feed(std::string_view text) {
  for (auto c : text) {
    auto keep = [&] {
      if (depth_ == 1 && token_.size() <= max_token)
        token_ += c;
    };
    if (at_ == within::escape) {
      keep();
      at_ = within::string;
    } else if (at_ == within::string) {
      keep();
      if (c == '\\')
        at_ = within::escape;
      else if (c == '"')
        at_ = within::nothing;
    } else if (c == '"') {
      keep();
      at_ = within::string;
    } else if (c == '{' || c == '[') {
      ++depth_;
      if (depth_ == 1)
        token_.clear();
    } else if (c == '}' || c == ']') {
      if (depth_ == 1)
        end_value();
      if (depth_ > 0)
        --depth_;
    } else if (depth_ == 1 && c == ':') {
      names_id_ = token_ == "\"id\"";
      valued_ = true;
      token_.clear();
    } else if (depth_ == 1 && c == ',') {
      end_value();
    } else if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
      keep();
    }
  }
}

void id_scanner::end_value() {
  if (valued_ && names_id_ && token_.size() <= max_token) {
    auto found = rpc::json::parse(token_, nullptr, false);
    if (rpc::is_id(found))
      id_ = std::move(found);
  }
  valued_ = false;
  names_id_ = false;
  token_.clear();
}

rpc::json id_scanner::take() {
  return std::exchange(*this, id_scanner{}).id_;
}
