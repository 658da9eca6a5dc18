#include "tool_calls.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>
#include <variant>

namespace ps = procession;

tool_calls::tool_calls(caf::event_based_actor* self, ps::exec_tool tool,
                       line_io& io, caf::timespan progress,
                       std::function<void()> on_idle)
  : self_(self), tool_(std::move(tool)), io_(io), progress_(progress),
    on_idle_(std::move(on_idle)) {
  // nop
}

void tool_calls::begin(const rpc::request& x, const reply_path& to) {
  auto key = x.id->dump();
  if (open_.count(key) != 0)
    return to.error({*x.id, rpc::code::invalid_request,
                     "a call with this id is already open"});
  auto name = x.params.find("name");
  if (name == x.params.end() || !name->is_string())
    throw rpc::bad_params{"\"name\" must be a string"};
  tools::call asked;
  try {
    asked = tools::read_call(*name, x.params.value("arguments", json{}));
  } catch (const tools::bad_arguments& bad) {
    // A result, so that the model reads it.
    return to.result(*x.id, tools::make_failure(bad.what()));
  }
  call opened{*x.id, to};
  opened.since = self_->clock().now();
  if (auto meta = x.params.find("_meta");
      meta != x.params.end() && meta->is_object())
    opened.progress_token = meta->value("progressToken", json{});
  open_.emplace(key, std::move(opened));
  struct {
    tool_calls& self;
    const std::string& key;
    void operator()(ps::exec_request& y) {
      if (self.is_cancelled(y.id))
        return self.finish(
          key, tools::make_result(
                 ps::make_error(ps::errc::duplicate_session, ps::stage::admit,
                                "session '" + y.id + "' is being cancelled")));
      auto named = y.id.empty() ? naming::ours : naming::clients;
      self.run(key, std::move(y), named);
    }
    void operator()(ps::exec_input& y) {
      auto& waiting = self.open_.at(key);
      waiting.waits_for = y.id;
      if (y.wait.timeout == caf::timespan::zero())
        waiting.input = tools::input_remark::no;
      self.hand_over<ps::exec_result>(key, ps::write_atom_v, std::move(y));
    }
    void operator()(ps::exec_poll& y) {
      self.open_.at(key).waits_for = y.id;
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
  std::visit(to_exec_tool, asked);
  wait_for_progress();
}

void tool_calls::run(const std::string& key, ps::exec_request x, naming named) {
  // Named before it runs, so that it can be cancelled.
  if (named == naming::ours)
    do
      x.id = std::to_string(++last_session_);
    while (is_cancelled(x.id));
  open_.at(key).runs = x.id;
  auto on_result = [=, this](const ps::exec_result& y) {
    // The answer was under way when the call was cancelled.
    if (auto i = open_.find(key); i != open_.end() && i->second.cancelled
                                  && y.state != ps::session_state::closed)
      end_session(y.id);
    finish(key, tools::make_result(y));
  };
  auto on_error = [=, this](const caf::error& why) {
    auto i = open_.find(key);
    if (named == naming::ours && ps::is(why, ps::errc::duplicate_session)
        && i != open_.end() && !i->second.cancelled)
      // The client has given this name to a session.
      run(key, x, named);
    else
      finish(key, tools::make_result(why));
  };
  self_->request(tool_, caf::infinite, ps::exec_atom_v, x)
    .then(on_result, on_error);
}

template <class Result, class... Ts>
void tool_calls::hand_over(const std::string& key, Ts... request) {
  self_->request(tool_, caf::infinite, std::move(request)...)
    .then(
      [=, this](const Result& x) {
        auto i = open_.find(key);
        if constexpr (std::is_same_v<Result, ps::exec_result>)
          finish(key, tools::make_result(x, i != open_.end()
                                              ? i->second.input
                                              : tools::input_remark::no));
        else
          finish(key, tools::make_result(x, client_));
      },
      [=, this](const caf::error& x) { finish(key, tools::make_result(x)); });
}

template <class... Ts>
void tool_calls::hand_over(const std::string& key, json done, Ts... request) {
  self_->request(tool_, caf::infinite, std::move(request)...)
    .then([=, this] { finish(key, done); },
          [=, this](const caf::error& x) {
            finish(key, tools::make_result(x));
          });
}

// -- the end of a call --------------------------------------------------------

void tool_calls::finish(const std::string& key, json result) {
  auto i = open_.find(key);
  if (i == open_.end())
    return;
  if (!i->second.cancelled)
    i->second.to.result(i->second.id, std::move(result));
  open_.erase(i);
  if (open_.empty())
    on_idle_();
}

void tool_calls::cancel(const json& params) {
  auto id = params.find("requestId");
  if (id == params.end())
    return;
  // It may have been answered meanwhile.
  auto i = open_.find(rpc::to_line(*id));
  if (i == open_.end() || i->second.cancelled)
    return;
  if (!i->second.runs.empty())
    return cancel_command(i->first, i->second);
  // A session that was only waited for goes on and keeps its output.
  auto cancelled = std::move(i->second);
  open_.erase(i);
  if (!cancelled.waits_for.empty())
    self_->request(tool_, caf::infinite, ps::cancel_atom_v, cancelled.waits_for)
      .then([] {}, [](const caf::error&) {});
  // A cancelled request has no answer.
  cancelled.to.nothing();
}

void tool_calls::cancel_command(const std::string& key, call& x) {
  // The command ends: its client neither waits for it nor knows its id.
  // The call stays open until the exec tool has answered it.
  x.cancelled = true;
  x.progress_token = {};
  x.to.nothing();
  // If the name belongs to another session, the exec tool refuses the command
  // before it answers this; then there is nothing to end.
  auto end = [=, this] {
    if (auto i = open_.find(key); i != open_.end())
      end_session(i->second.runs);
  };
  self_->request(tool_, caf::infinite, ps::list_atom_v)
    .then([=](const ps::exec_list&) { end(); },
          [=](const caf::error&) { end(); });
}

void tool_calls::end_session(const ps::session_id& id) {
  self_->request(tool_, caf::infinite, ps::terminate_atom_v, id)
    .then([](const ps::exec_result&) {}, [](const caf::error&) {});
}

bool tool_calls::is_cancelled(const ps::session_id& id) const {
  return std::any_of(open_.begin(), open_.end(), [&](auto& x) {
    return x.second.cancelled && x.second.runs == id;
  });
}

// -- progress -----------------------------------------------------------------

void tool_calls::wait_for_progress() {
  auto wanted = std::any_of(open_.begin(), open_.end(), [](auto& x) {
    return !x.second.progress_token.is_null();
  });
  if (!wanted || ticking_ == ticking::yes)
    return;
  ticking_ = ticking::yes;
  self_->delayed_send(self_, progress_, caf::tick_atom_v);
}

void tool_calls::tell_progress() {
  ticking_ = ticking::no;
  for (auto& [key, x] : open_) {
    if (x.progress_token.is_null())
      continue;
    std::chrono::duration<double> since = self_->clock().now() - x.since;
    json params{{"progressToken", x.progress_token},
                {"progress", since.count()}};
    if (client_.progress_message)
      params["message"] = "still waiting";
    io_.write(
      rpc::to_line(rpc::make_notification("notifications/progress", params)));
  }
  wait_for_progress();
}
