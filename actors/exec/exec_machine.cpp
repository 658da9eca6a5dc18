#include "procession/actors/exec/exec_machine.hpp"

#include "procession/io/text/utf8.hpp"
#include "procession/messages/expected.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

/// The bytes of subscribed output that may be on their way. The tool takes them
/// at once, so it does not hold the child back for long.
constexpr std::uint64_t window = 256 * 1024;

/// The longest text of a command in a list, in bytes.
constexpr std::size_t title_size = 200;

/// How many texts and expressions a wait may look for, and the longest one, in
/// bytes.
constexpr std::size_t max_texts = 32;
constexpr std::size_t max_text_size = 4096;

/// Bytes that the session retains for actors that read it directly.
constexpr std::uint64_t retained = 256 * 1024;

/// How many sessions are listed when another one is refused.
constexpr std::size_t max_listed = 8;

caf::error no_such_session(const session_id& id) {
  return make_error(errc::no_such_session, stage::admit,
                    "there is no session '" + id
                      + "', or the last of it was read");
}

/// Returns the patterns of a wait, or `invalid_argument`.
expected<pattern_set> patterns_of(const exec_wait& x) {
  if (x.timeout < caf::timespan::zero() && x.timeout != default_wait)
    return invalid_argument("the time to wait must not be negative");
  std::vector<pattern> result;
  for (auto& text : x.until)
    result.push_back({text, pattern::kind::text});
  for (auto& expression : x.until_regex)
    result.push_back({expression, pattern::kind::regex});
  if (result.size() > max_texts)
    return invalid_argument("a wait looks for at most "
                            + std::to_string(max_texts)
                            + " texts and expressions");
  for (auto& y : result)
    if (y.what.empty() || y.what.size() > max_text_size)
      return invalid_argument(
        "a text or expression to wait for must have from 1 to "
        + std::to_string(max_text_size) + " bytes");
  return pattern_set::make(result);
}

/// Returns a command as one line of limited length.
std::string title_of(std::string text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  auto result = utf8::take_front(text, title_size);
  if (result.bytes < text.size())
    result.text += "...";
  return std::move(result.text);
}

} // namespace

exec_machine::~exec_machine() {
  auto why = make_error(errc::runtime_stopped, stage::run,
                        "the exec tool has ended");
  for (auto& [id, x] : sessions_)
    x.abandon(why);
  sweeps_.fail(why);
}

exec_tool_impl::behavior_type
exec_machine::make_behavior(spawner where, exec_tool_options options) {
  where_ = std::move(where);
  at_.options = std::move(options);
  at_.timer.attach(self_);
  self_->set_down_handler([this](caf::down_msg& x) { on_down(x); });
  return {
    [this](exec_atom, exec_request& x) { return exec(x); },
    [this](write_atom, const exec_input& x) { return write(x); },
    [this](poll_atom, const exec_poll& x) { return poll(x); },
    [this](resize_atom x, const session_id& id, terminal_size size) {
      return pass_on(id, x, size);
    },
    [this](signal_atom x, const session_id& id, signal_name name) {
      return pass_on(id, x, name);
    },
    [this](cancel_atom, const session_id& id) -> caf::result<void> {
      auto* x = find(id);
      if (x == nullptr)
        return no_such_session(id);
      x->cancel();
      return caf::unit;
    },
    [this](wait_atom, const session_id& id) -> caf::result<exit_status> {
      auto* x = find(id);
      if (x == nullptr)
        return no_such_session(id);
      if (self_->current_sender() == nullptr)
        return to_error(no_sender(stage::admit));
      return x->wait();
    },
    [this](list_atom) { return describe_sessions(false); },
    [this](terminate_atom, const session_id& id) { return terminate(id); },
    [this](terminate_atom) { return terminate_all(); },
    [this](const started& x) { on(x); },
    [this](const output& x) { on(x); },
    [this](const gap& x) { on(x); },
    [this](const exited& x) { on(x); },
    [this](const closed& x) { on(x); },
    [this](timer_fired) { on_timer(); },
  };
}

tool_session* exec_machine::find(const session_id& id) {
  auto i = sessions_.find(id);
  return i != sessions_.end() ? &i->second : nullptr;
}

// -- requests -----------------------------------------------------------------

caf::result<exec_result> exec_machine::exec(exec_request& x) {
  if (self_->current_sender() == nullptr)
    return to_error(no_sender(stage::admit));
  if (x.script.empty() == x.argv.empty())
    return to_error(
      invalid_argument("a command is either a script or a program with its "
                       "arguments"));
  if (x.input == stdin_kind::inherit)
    return to_error(invalid_argument(
      "the input of a command must be the null device or a pipe"));
  auto patterns = patterns_of(x.wait);
  if (!patterns)
    return to_error(patterns.error());
  if (live() >= at_.options.max_sessions)
    return too_many(
      std::to_string(at_.options.max_sessions) + " sessions live already", {});
  if (x.id.empty())
    x.id = next_id();
  else if (find(x.id) != nullptr)
    return make_error(errc::duplicate_session, stage::admit,
                      "there is a session '" + x.id + "' already");
  auto spec = make_command(x);
  auto title = title_of(x.script.empty() ? to_string(spec) : x.script);
  auto& made
    = sessions_.try_emplace(x.id, at_, x, std::move(title)).first->second;
  auto waiting = made.begin(x.wait, std::move(*patterns));
  self_
    ->request(where_, caf::infinite, spawn_atom_v, std::move(spec),
              subscription{{}, window, delivery::lossless})
    .then([this, id = x.id](session& hdl) { on_spawned(id, std::move(hdl)); },
          [this, id = x.id](const caf::error& why) {
            on_start_failed(id, why);
          });
  return waiting;
}

command exec_machine::make_command(const exec_request& x) const {
  auto words = x.argv;
  if (words.empty()) {
    words = at_.options.shell;
    words.push_back(x.script);
  }
  command result;
  result.program = words.front();
  result.args.assign(words.begin() + 1, words.end());
  result.cwd = x.cwd;
  result.env = x.env;
  if (x.env.inherit) {
    auto& unset = x.env.unset;
    auto ours = at_.options.env;
    if (x.tty)
      ours["TERM"] = "xterm-256color";
    for (auto& variable : ours)
      if (std::find(unset.begin(), unset.end(), variable.first) == unset.end())
        result.env.set.insert(variable);
  }
  result.stdio = x.tty ? pty(x.size) : merged(x.input);
  result.limits.retained = retained;
  result.limits.timeout = x.timeout;
  result.kill = at_.options.kill;
  if (x.keep_background)
    result.kill.background = background_policy::keep;
  result.id = x.id;
  return result;
}

session_id exec_machine::next_id() {
  session_id result;
  do
    result = at_.options.id_prefix + std::to_string(++last_id_);
  while (find(result) != nullptr);
  return result;
}

std::size_t exec_machine::live() const {
  return static_cast<std::size_t>(
    std::count_if(sessions_.begin(), sessions_.end(), [](auto& x) {
      return x.second.state() != session_state::closed;
    }));
}

caf::error exec_machine::too_many(const std::string& text,
                                  const session_id& refused) const {
  auto all = describe_sessions(true);
  std::erase_if(all, [&](auto& x) { return x.id == refused; });
  std::stable_sort(all.begin(), all.end(),
                   [](auto& x, auto& y) { return x.idle > y.idle; });
  auto result = text + "; terminate one that is not needed any more";
  for (std::size_t i = 0; i < std::min(all.size(), max_listed); ++i)
    result += (i == 0 ? ": " : "; ") + to_string(all[i]);
  if (all.size() > max_listed)
    result += "; and " + std::to_string(all.size() - max_listed) + " more";
  return make_error(errc::session_limit, stage::admit, std::move(result));
}

/// Hands a request that waits for output to its session.
template <class Request, class F>
caf::result<exec_result> exec_machine::converse(const Request& x, F f) {
  auto* with = find(x.id);
  if (with == nullptr)
    return no_such_session(x.id);
  if (self_->current_sender() == nullptr)
    return to_error(no_sender(stage::admit));
  auto patterns = patterns_of(x.wait);
  if (!patterns)
    return to_error(patterns.error());
  return f(*with, std::move(*patterns));
}

caf::result<exec_result> exec_machine::write(const exec_input& x) {
  return converse(x, [&](tool_session& to, pattern_set patterns) {
    return to.write(x, std::move(patterns));
  });
}

caf::result<exec_result> exec_machine::poll(const exec_poll& x) {
  return converse(x, [&](tool_session& from, pattern_set patterns) {
    auto result = from.poll(x.wait, std::move(patterns));
    if (from.state() == session_state::closed && from.read())
      sessions_.erase(x.id);
    return result;
  });
}

template <class... Ts>
caf::result<void> exec_machine::pass_on(const session_id& id, Ts... request) {
  auto* x = find(id);
  if (x == nullptr)
    return no_such_session(id);
  auto to = x->running();
  if (!to)
    return to.error();
  return self_->delegate(*to, request...);
}

exec_list exec_machine::describe_sessions(bool live_only) const {
  exec_list result;
  for (auto& [id, x] : sessions_)
    if (!live_only || x.state() != session_state::closed)
      result.push_back(x.describe());
  std::stable_sort(result.begin(), result.end(),
                   [](auto& x, auto& y) { return x.age > y.age; });
  return result;
}

// -- events -------------------------------------------------------------------

void exec_machine::on_spawned(const session_id& id, session hdl) {
  // The session is still there: it cannot be closed before it was spawned.
  auto& x = sessions_.at(id);
  if (x.on_spawned(std::move(hdl)))
    ask_to_end(x);
}

void exec_machine::on_start_failed(const session_id& id,
                                   const caf::error& why) {
  sessions_.at(id).on_start_failed(
    is(why, errc::session_limit) ? too_many(detail_of(why).text, id) : why);
  on_closed(id);
}

/// Returns the session `id`, if it sent the current message and is not closed.
tool_session* exec_machine::find_sender(const session_id& id) {
  auto* x = find(id);
  return x != nullptr && x->sent_this() ? x : nullptr;
}

template <class T>
void exec_machine::on(const T& x) {
  if (auto* from = find_sender(x.id))
    from->on(x);
}

void exec_machine::on(const closed& x) {
  auto* from = find_sender(x.id);
  if (from == nullptr)
    return;
  from->on(x);
  on_closed(x.id);
}

void exec_machine::on_down(const caf::down_msg& x) {
  std::vector<session_id> lost;
  for (auto& [id, session] : sessions_)
    if (session.on_down(x.source))
      lost.push_back(id);
  for (auto& id : lost) {
    sessions_.at(id).on_lost();
    on_closed(id);
  }
}

void exec_machine::on_timer() {
  if (!at_.timer.fired())
    return;
  for (auto& [id, x] : sessions_)
    x.on_timer();
  forget_unread();
}

// -- the end ------------------------------------------------------------------

caf::result<exec_result> exec_machine::terminate(const session_id& id) {
  auto* x = find(id);
  if (x == nullptr)
    return no_such_session(id);
  if (!x->can_terminate())
    return too_many_wait(stage::run, max_end_waits);
  auto result = x->terminate();
  if (x->state() != session_state::closed) {
    ask_to_end(*x);
  } else {
    x->answer_terminators();
    sessions_.erase(id);
  }
  return result;
}

caf::result<exec_list> exec_machine::terminate_all() {
  if (!sweeps_.has_room())
    return too_many_wait(stage::run, max_end_waits);
  sweep x{describe_sessions(true), {}};
  for (auto& y : x.swept)
    x.left.insert(y.id);
  auto ids = x.left;
  auto result = sweeps_.add(self_, stage::run, std::move(x));
  for (auto& id : ids)
    ask_to_end(sessions_.at(id));
  finish_sweeps({});
  return result;
}

void exec_machine::ask_to_end(tool_session& x) {
  if (!x.end_when_running())
    return;
  self_->request(x.handle(), caf::infinite, terminate_atom_v)
    .then([](const exit_status&) {},
          [this, id = x.id()](const caf::error& why) {
            auto* x = find(id);
            if (x == nullptr)
              return;
            x->fail_terminators(why);
            finish_sweeps(id);
          });
}

void exec_machine::on_closed(const session_id& id) {
  auto& x = sessions_.at(id);
  finish_sweeps(id);
  // The request that ended it may also read the last of its output.
  if (x.read()) {
    x.answer_terminators();
    sessions_.erase(id);
  } else {
    at_.timer.fire_at(x.over() + at_.options.unread_for);
    forget_unread();
  }
}

void exec_machine::finish_sweeps(const session_id& id) {
  sweeps_.answer_if(
    [&](sweep& x) {
      if (x.left.erase(id) != 0)
        for (auto& y : x.swept)
          if (auto* now = find(id); now != nullptr && y.id == id)
            y = now->describe();
      return x.left.empty();
    },
    [](sweep& x) { return std::move(x.swept); });
}

void exec_machine::forget_unread() {
  std::vector<sessions::iterator> unread;
  for (auto i = sessions_.begin(); i != sessions_.end(); ++i)
    if (i->second.state() == session_state::closed)
      unread.push_back(i);
  std::stable_sort(unread.begin(), unread.end(), [](auto x, auto y) {
    return x->second.over() < y->second.over();
  });
  auto excess = unread.size() - std::min(unread.size(), at_.options.max_unread);
  for (std::size_t n = 0; n < unread.size(); ++n) {
    auto until = unread[n]->second.over() + at_.options.unread_for;
    if (n < excess || until <= at_.now())
      sessions_.erase(unread[n]);
    else
      at_.timer.fire_at(until);
  }
}

} // namespace procession
