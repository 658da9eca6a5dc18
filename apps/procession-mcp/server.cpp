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

/// The only one of them with batches.
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

rpc::failure invalid_request(const rpc::json& id, const std::string& text) {
  return {id, rpc::code::invalid_request, text};
}

} // namespace

caf::behavior server::make_behavior(ps::exec_tool tool, line_io* io,
                                    server_options options) {
  tool_ = std::move(tool);
  io_ = io;
  options_ = std::move(options);
  return {
    [this](mcp::line_atom, const std::string& line) {
      on_line(line);
      io_->line_done();
    },
    [this](mcp::overlong_atom, const std::string& id) {
      answer(
        rpc::make_error(invalid_request(
          json::parse(id), "the message is longer than "
                             + std::to_string(options_.max_line) + " bytes")),
        {});
      io_->line_done();
    },
    [this](mcp::end_atom) {
      // No call is heard any more, and those that wait are answered when their
      // sessions are over.
      phase_ = phase::ending;
      auto ended = [this] {
        phase_ = phase::ended;
        leave_if_done();
      };
      self_->request(tool_, caf::infinite, ps::terminate_atom_v)
        .then([=](const ps::exec_list&) { ended(); },
              [=](const caf::error&) { ended(); });
    },
    [this](caf::tick_atom) { tell_progress(); },
  };
}

// -- input --------------------------------------------------------------------

void server::on_line(const std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos)
    return;
  // Deep nesting is dropped: copying it would recurse as deep.
  auto deepest = 0;
  auto keep = [&](int depth, json::parse_event_t, json&) {
    deepest = std::max(deepest, depth);
    return depth <= max_depth;
  };
  auto refuse = [&](rpc::code code, const std::string& text) {
    id_scanner id;
    id.feed(line);
    answer(rpc::make_error({id.take(), code, text}), {});
  };
  json message;
  try {
    message = json::parse(line, keep);
  } catch (const json::exception& e) {
    // Also of a number that is too large.
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
  on_message(message, {});
}

void server::on_batch(const json& messages) {
  auto known = phase_ == phase::initialized && version_ == batch_version;
  if (!known || messages.empty() || messages.size() > max_batch)
    return answer(rpc::make_error(invalid_request(
                    {}, known ? "a batch must have 1 to "
                                  + std::to_string(max_batch) + " messages"
                              : "there are no batches in this version of the "
                                "protocol")),
                  {});
  auto in = std::make_shared<batch>();
  // One more, so that nothing is sent before all of it was seen.
  in->missing = 1;
  for (auto& message : messages)
    on_message(message, in);
  answer({}, in);
}

void server::on_message(const json& message, const batch_ptr& in) {
  auto x = rpc::read_message(message);
  if (auto* request = std::get_if<rpc::request>(&x); request && !request->id)
    return on_notification(*request);
  // We asked nothing, so an answer is ignored.
  if (std::holds_alternative<rpc::response>(x))
    return;
  if (in)
    ++in->missing;
  if (auto* bad = std::get_if<rpc::failure>(&x))
    answer(rpc::make_error(*bad), in);
  else
    on_request(std::get<rpc::request>(x), in);
}

void server::on_request(const rpc::request& x, const batch_ptr& in) {
  auto& id = *x.id;
  auto fail = [&](rpc::code code, const std::string& text) {
    answer(rpc::make_error({id, code, text}), in);
  };
  try {
    if (x.method == "ping")
      return answer(rpc::make_result(id, json::object()), in);
    if (x.method == "initialize")
      return phase_ == phase::fresh && !in
               ? answer(rpc::make_result(id, initialize(x.params)), in)
               : fail(rpc::code::invalid_request,
                      "the server is initialized already");
    if (phase_ == phase::fresh)
      return fail(rpc::code::invalid_request, "\"initialize\" comes first");
    if (x.method == "tools/list")
      return answer(
        rpc::make_result(id, tools::describe(client_, options_.where)), in);
    if (x.method == "tools/call")
      return call_tool(x, in);
    fail(rpc::code::method_not_found, "unknown method \"" + x.method + '"');
  } catch (const rpc::bad_params& bad) {
    fail(rpc::code::invalid_params, bad.what());
  }
}

void server::on_notification(const rpc::request& x) {
  // Others, as "notifications/initialized", change nothing here.
  if (x.method == "notifications/cancelled")
    cancel(x.params);
}

// -- methods ------------------------------------------------------------------

rpc::json server::initialize(const json& params) {
  auto asked = params.find("protocolVersion");
  if (asked == params.end() || !asked->is_string())
    throw rpc::bad_params{"\"protocolVersion\" must be a string"};
  auto known = std::find(versions.begin(), versions.end(), *asked);
  // For a version that we do not speak, our latest is offered.
  version_ = known != versions.end() ? *known : versions.front();
  client_.annotations = version_ != "2024-11-05";
  client_.structured_content = version_ >= "2025-06-18";
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

void server::call_tool(const rpc::request& x, const batch_ptr& in) {
  auto key = x.id->dump();
  if (calls_.count(key) != 0)
    return answer(rpc::make_error(invalid_request(
                    *x.id, "a call with this id is already open")),
                  in);
  auto name = x.params.find("name");
  if (name == x.params.end() || !name->is_string())
    throw rpc::bad_params{"\"name\" must be a string"};
  tools::call call;
  try {
    auto given = x.params.find("arguments");
    call = tools::read_call(*name, given == x.params.end() ? json{} : *given);
  } catch (const tools::bad_arguments& bad) {
    // The model is to read it.
    return answer(rpc::make_result(*x.id, tools::make_failure(bad.what())), in);
  }
  open_call open;
  open.id = *x.id;
  open.in = in;
  open.since = self_->clock().now();
  if (auto meta = x.params.find("_meta");
      meta != x.params.end() && meta->is_object())
    open.progress_token = meta->value("progressToken", json{});
  if (auto* run = std::get_if<ps::exec_request>(&call)) {
    if (is_cancelled(run->id))
      return answer(
        rpc::make_result(*x.id,
                         tools::make_result(ps::make_error(
                           ps::errc::duplicate_session, ps::stage::admit,
                           "session '" + run->id + "' is being cancelled"))),
        in);
  } else if (auto* input = std::get_if<ps::exec_input>(&call)) {
    open.waits_for = input->id;
    if (input->wait.timeout == caf::timespan::zero())
      open.input = tools::input_remark::no;
  } else if (auto* poll = std::get_if<ps::exec_poll>(&call)) {
    open.waits_for = poll->id;
  }
  calls_.emplace(key, std::move(open));
  struct {
    server& self;
    const std::string& key;
    void operator()(ps::exec_request& y) {
      auto named = y.id.empty() ? naming::ours : naming::clients;
      self.run(key, std::move(y), named);
    }
    void operator()(ps::exec_input& y) {
      self.hand_over<ps::exec_result>(key, ps::write_atom_v, std::move(y));
    }
    void operator()(ps::exec_poll& y) {
      self.hand_over<ps::exec_result>(key, ps::poll_atom_v, std::move(y));
    }
    void operator()(tools::resize& y) {
      self.hand_over(key, tools::make_result(y), ps::resize_atom_v, y.id,
                     y.size);
    }
    void operator()(tools::signal& y) {
      self.hand_over(key, tools::make_result(y), ps::signal_atom_v, y.id,
                     y.name);
    }
    void operator()(tools::list_sessions&) {
      self.hand_over<ps::exec_list>(key, ps::list_atom_v);
    }
    void operator()(tools::terminate& y) {
      self.hand_over<ps::exec_result>(key, ps::terminate_atom_v, y.id);
    }
    void operator()(tools::terminate_all&) {
      self.hand_over<ps::exec_list>(key, ps::terminate_atom_v);
    }
  } to_exec_tool{*this, key};
  std::visit(to_exec_tool, call);
  wait_for_progress();
}

void server::run(const std::string& key, ps::exec_request x, naming named) {
  // Named before it runs, so that it can be cancelled.
  if (named == naming::ours)
    do
      x.id = std::to_string(++last_session_);
    while (is_cancelled(x.id));
  calls_.at(key).runs = x.id;
  auto on_result = [=, this](const ps::exec_result& y) {
    // The answer was under way when the call was cancelled.
    if (auto i = calls_.find(key); i != calls_.end() && i->second.cancelled
                                   && y.state != ps::session_state::closed)
      end_session(y.id);
    finish(key, tools::make_result(y));
  };
  auto on_error = [=, this](const caf::error& why) {
    auto i = calls_.find(key);
    if (named == naming::ours && ps::is(why, ps::errc::duplicate_session)
        && i != calls_.end() && !i->second.cancelled)
      // The client has given this name to a session.
      run(key, x, named);
    else
      finish(key, tools::make_result(why));
  };
  self_->request(tool_, caf::infinite, ps::exec_atom_v, x)
    .then(on_result, on_error);
}

bool server::is_cancelled(const ps::session_id& id) const {
  return std::any_of(calls_.begin(), calls_.end(), [&](auto& x) {
    return x.second.cancelled && x.second.runs == id;
  });
}

void server::end_session(const ps::session_id& id) {
  self_->request(tool_, caf::infinite, ps::terminate_atom_v, id)
    .then([](const ps::exec_result&) {}, [](const caf::error&) {});
}

template <class Result, class... Ts>
void server::hand_over(const std::string& key, Ts... request) {
  self_->request(tool_, caf::infinite, std::move(request)...)
    .then(
      [=, this](const Result& x) {
        auto i = calls_.find(key);
        if constexpr (std::is_same_v<Result, ps::exec_result>)
          finish(key, tools::make_result(x, i != calls_.end()
                                              ? i->second.input
                                              : tools::input_remark::no));
        else
          finish(key, tools::make_result(x, client_));
      },
      [=, this](const caf::error& x) { finish(key, tools::make_result(x)); });
}

template <class... Ts>
void server::hand_over(const std::string& key, json done, Ts... request) {
  self_->request(tool_, caf::infinite, std::move(request)...)
    .then([=, this] { finish(key, done); },
          [=, this](const caf::error& x) {
            finish(key, tools::make_result(x));
          });
}

void server::cancel(const json& params) {
  auto id = params.find("requestId");
  if (id == params.end())
    return;
  // It may have been answered meanwhile.
  auto i = calls_.find(
    id->dump(-1, ' ', false, json::error_handler_t::replace));
  if (i == calls_.end() || i->second.cancelled)
    return;
  if (!i->second.runs.empty())
    return cancel_command(i->first, i->second);
  // A session that was only waited for goes on, and keeps what it said.
  auto call = std::move(i->second);
  calls_.erase(i);
  if (!call.waits_for.empty())
    self_->request(tool_, caf::infinite, ps::cancel_atom_v, call.waits_for)
      .then([] {}, [](const caf::error&) {});
  // A cancelled request has no answer.
  answer({}, call.in);
}

void server::cancel_command(const std::string& key, open_call& call) {
  // No one waits for the command any more, nor knows its id: it ends.
  // The call stays open until the exec tool has answered it.
  call.cancelled = true;
  call.progress_token = {};
  answer({}, call.in);
  // If the name belongs to another session, the exec tool refuses the command
  // before it answers this; then there is nothing to end.
  auto end = [=, this] {
    if (auto i = calls_.find(key); i != calls_.end())
      end_session(i->second.runs);
  };
  self_->request(tool_, caf::infinite, ps::list_atom_v)
    .then([=](const ps::exec_list&) { end(); },
          [=](const caf::error&) { end(); });
}

// -- output -------------------------------------------------------------------

void server::answer(const json& response, const batch_ptr& in) {
  if (!in) {
    if (!response.is_null())
      io_->write(rpc::to_line(response));
    return;
  }
  if (!response.is_null())
    in->answers.push_back(response);
  if (--in->missing == 0 && !in->answers.empty())
    io_->write(rpc::to_line(in->answers));
}

void server::finish(const std::string& key, json result) {
  auto i = calls_.find(key);
  if (i == calls_.end())
    return;
  if (!i->second.cancelled)
    answer(rpc::make_result(i->second.id, std::move(result)), i->second.in);
  calls_.erase(i);
  leave_if_done();
}

void server::leave_if_done() {
  if (phase_ == phase::ended && calls_.empty())
    self_->quit();
}

void server::wait_for_progress() {
  auto wanted = std::any_of(calls_.begin(), calls_.end(), [](auto& x) {
    return !x.second.progress_token.is_null();
  });
  if (!wanted || ticking_ == ticking::yes)
    return;
  ticking_ = ticking::yes;
  self_->delayed_send(self_, options_.progress, caf::tick_atom_v);
}

void server::tell_progress() {
  ticking_ = ticking::no;
  for (auto& [key, call] : calls_) {
    if (call.progress_token.is_null())
      continue;
    std::chrono::duration<double> since = self_->clock().now() - call.since;
    json params{{"progressToken", call.progress_token},
                {"progress", since.count()}};
    if (version_ != "2024-11-05")
      params["message"] = "still waiting";
    io_->write(
      rpc::to_line(rpc::make_notification("notifications/progress", params)));
  }
  wait_for_progress();
}
