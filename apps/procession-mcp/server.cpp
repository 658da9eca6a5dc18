#include "server.hpp"

#include "id_scanner.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ps = procession;

namespace {

/// The versions of the protocol that we speak, the latest first.
constexpr std::array versions{"2025-11-25", "2025-06-18", "2025-03-26",
                              "2024-11-05"};

/// The only version with batches.
constexpr auto batch_version = "2025-03-26";

/// How many messages a batch may have.
constexpr std::size_t max_batch = 64;

/// How deeply its parts may be nested.
constexpr auto max_depth = 32;

constexpr auto instructions
  = "Each command runs in a new shell, so cd and variables do not persist; "
    "start a shell with tty=true and type into it with write_stdin if they "
    "must. A command that takes longer than its first wait goes on as a "
    "session: wait for it with poll, type with write_stdin, end it with "
    "terminate. Background processes (&) end with their command; run a server "
    "as a session of its own, or set keep_background.";

} // namespace

caf::behavior server::make_behavior(ps::exec_tool tool, line_io& io,
                                    server_options options) {
  options_ = std::move(options);
  out_.emplace(io);
  calls_.emplace(self_, tool, io, options_.progress,
                 [this] { leave_if_done(); });
  return {
    [this, &io](mcp::line_atom, const std::string& line) {
      on_line(line);
      io.line_done();
    },
    [this, &io](mcp::overlong_atom, const std::string& id) {
      out_->error({json::parse(id), rpc::code::invalid_request,
                   "the message is longer than "
                     + std::to_string(options_.max_line) + " bytes"});
      io.line_done();
    },
    [this, tool](mcp::end_atom) {
      // No further call can come. Those that wait are answered when their
      // sessions are over.
      phase_ = phase::ending;
      auto ended = [this] {
        phase_ = phase::ended;
        leave_if_done();
      };
      self_->request(tool, caf::infinite, ps::terminate_atom_v)
        .then([=](const ps::exec_list&) { ended(); },
              [=](const caf::error&) { ended(); });
    },
    [this](caf::tick_atom) { calls_->tell_progress(); },
  };
}

// -- input --------------------------------------------------------------------

void server::on_line(const std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos)
    return;
  // Deep nesting is dropped: copying it would recurse as deeply.
  auto deepest = 0;
  auto keep = [&](int depth, json::parse_event_t, json&) {
    deepest = std::max(deepest, depth);
    return depth <= max_depth;
  };
  auto refuse = [&](rpc::code code, const std::string& text) {
    id_scanner id;
    id.feed(line);
    out_->error({id.take(), code, text});
  };
  json message;
  try {
    message = json::parse(line, keep);
  } catch (const json::exception& e) {
    // A number that is too large is an error, too.
    if (deepest <= max_depth)
      return refuse(rpc::code::parse_error,
                    std::string{"the message is not JSON in UTF-8: "}
                      + e.what());
  }
  if (deepest > max_depth)
    return refuse(rpc::code::invalid_request,
                  "the message is nested too deeply");
  if (message.is_array())
    return on_batch(message);
  on_message(message, *out_);
}

void server::on_batch(const json& messages) {
  auto known = phase_ == phase::initialized && version_ == batch_version;
  if (!known || messages.empty() || messages.size() > max_batch)
    return out_->error({{},
                        rpc::code::invalid_request,
                        known ? "a batch must have 1 to "
                                  + std::to_string(max_batch) + " messages"
                              : "there are no batches in this version of the "
                                "protocol"});
  auto in = out_->batch();
  for (auto& message : messages)
    on_message(message, in);
  in.nothing();
}

void server::on_message(const json& message, const reply_path& to) {
  auto x = rpc::read_message(message);
  if (auto* request = std::get_if<rpc::request>(&x); request && !request->id) {
    // Others, such as "notifications/initialized", change nothing here.
    if (request->method == "notifications/cancelled")
      calls_->cancel(request->params);
    return;
  }
  // We make no requests, so there is nothing to do with a response.
  if (std::holds_alternative<rpc::response>(x))
    return;
  to.expect();
  if (auto* bad = std::get_if<rpc::failure>(&x))
    to.error(*bad);
  else
    on_request(std::get<rpc::request>(x), to);
}

void server::on_request(const rpc::request& x, const reply_path& to) {
  auto& id = *x.id;
  auto fail = [&](rpc::code code, const std::string& text) {
    to.error({id, code, text});
  };
  try {
    if (x.method == "ping")
      return to.result(id, json::object());
    if (x.method == "initialize")
      return phase_ == phase::fresh && !to.in_batch()
               ? to.result(id, initialize(x.params))
               : fail(rpc::code::invalid_request,
                      "the server is initialized already");
    if (phase_ == phase::fresh)
      return fail(rpc::code::invalid_request, "\"initialize\" comes first");
    if (x.method == "tools/list")
      return to.result(id, tools::describe(client_, options_.where));
    if (x.method == "tools/call")
      return calls_->begin(x, to);
    fail(rpc::code::method_not_found, "unknown method \"" + x.method + '"');
  } catch (const rpc::bad_params& bad) {
    fail(rpc::code::invalid_params, bad.what());
  }
}

rpc::json server::initialize(const json& params) {
  auto asked = params.find("protocolVersion");
  if (asked == params.end() || !asked->is_string())
    throw rpc::bad_params{"\"protocolVersion\" must be a string"};
  auto known = std::find(versions.begin(), versions.end(), *asked);
  // If we do not speak the version, we offer our latest.
  version_ = known != versions.end() ? *known : versions.front();
  client_.annotations = version_ != "2024-11-05";
  client_.progress_message = client_.annotations;
  client_.structured_content = version_ >= "2025-06-18";
  calls_->set_features(client_);
  phase_ = phase::initialized;
  json self{{"name", "procession"}, {"version", PROCESSION_VERSION}};
  if (version_ >= "2025-06-18")
    self["title"] = "Procession";
  if (version_ >= "2025-11-25")
    self["description"] = "Runs commands as process sessions";
  return {{"protocolVersion", version_},
          {"capabilities", {{"tools", {{"listChanged", false}}}}},
          {"serverInfo", std::move(self)},
          {"instructions", instructions}};
}

void server::leave_if_done() {
  if (phase_ == phase::ended && calls_->empty())
    self_->quit();
}
