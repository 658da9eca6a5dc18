// The exec tool's requests; what becomes of the sessions: exec_sessions.cpp.
#include "procession/actors/exec_tool.hpp"

#include "procession/actors/exec/exec_keys.hpp"
#include "procession/actors/exec/exec_machine.hpp"
#include "procession/io/text/utf8.hpp"
#include "procession/messages/expected.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <utility>

namespace procession {

namespace {

/// The bytes of subscribed output that may be on their way. They are taken at
/// once, so that nobody holds the child back for long.
constexpr std::uint64_t window = 256 * 1024;

/// Bytes of a command that stand in a list.
constexpr std::size_t title_size = 200;

/// How many may wait for the end of one session, how many may end it, and how
/// many may end all.
constexpr std::size_t max_watchers = 64;

/// How many texts and expressions a wait may look for, and how long each may
/// be.
constexpr std::size_t max_texts = 32;
constexpr std::size_t max_text_size = 4096;

/// What the session keeps for whoever reads it by itself, in bytes.
constexpr std::uint64_t retained = 256 * 1024;

/// Bytes of input that a session has at a time.
constexpr std::uint64_t piece_size = 256 * 1024;

/// Bytes of input that several requests together may leave waiting for one
/// process. A request that finds nothing waiting is taken however large it is.
constexpr std::uint64_t max_waiting_input = 1024 * 1024;

/// How many sessions the refusal of one more tells of.
constexpr std::size_t max_told = 8;

caf::error no_such_session(const session_id& id) {
  return make_error(errc::no_such_session, stage::admit,
                    "there is no session '" + id
                      + "', or the last of it was read");
}

caf::error busy(const session_id& id) {
  return make_error(errc::busy, stage::run,
                    "somebody waits for session '" + id + "' already");
}

caf::error still_starting(const session_id& id) {
  return make_error(errc::busy, stage::spawn,
                    "session '" + id + "' is still starting");
}

caf::error has_ended(const session_id& id) {
  return make_error(errc::already_exited, stage::run,
                    "the process of session '" + id
                      + "' has ended; a poll gives the last of its output");
}

std::uint64_t bytes_in(const std::vector<input_step>& steps) {
  std::uint64_t result = 0;
  for (auto& x : steps)
    if (auto* bytes = std::get_if<shared_bytes>(&x))
      result += bytes->size();
  return result;
}

caf::error stdin_full(std::uint64_t waiting, std::uint64_t more) {
  return make_error(errc::stdin_full, stage::run,
                    std::to_string(waiting)
                      + " bytes of earlier input wait for the process to read "
                        "them, and with "
                      + std::to_string(more) + " more they would exceed the "
                      + std::to_string(max_waiting_input)
                      + " that may wait; nothing of this input was sent");
}

caf::error no_input(const session_id& id) {
  return make_error(errc::stdin_closed, stage::run,
                    "session '" + id
                      + "' was started without standard input; run its command "
                        "again with its input open, or on a terminal");
}

/// The patterns of a wait; `invalid_argument` if something is wrong with it.
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

/// A command in a line that is not too long.
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

exec_tool_impl::behavior_type
exec_machine::make_behavior(spawner where, exec_tool_options options) {
  where_ = std::move(where);
  options_ = std::move(options);
  timer_.attach(self_);
  self_->set_down_handler([this](caf::down_msg& x) { on_down(x); });
  return {
    [this](exec_atom, exec_request& x) { return exec(x); },
    [this](write_atom, const exec_input& x) { return write(x); },
    [this](poll_atom, const exec_poll& x) { return poll(x); },
    [this](resize_atom, const session_id& id, terminal_size size) {
      return resize(id, size);
    },
    [this](signal_atom, const session_id& id, signal_name name) {
      return signal(id, name);
    },
    [this](cancel_atom, const session_id& id) { return cancel(id); },
    [this](wait_atom, const session_id& id) { return wait(id); },
    [this](list_atom) { return list(); },
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

// -- running ------------------------------------------------------------------

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
  if (live() >= options_.max_sessions)
    return too_many(std::to_string(options_.max_sessions)
                    + " sessions live already");
  if (x.id.empty())
    x.id = next_id();
  else if (records_.count(x.id) != 0)
    return make_error(errc::duplicate_session, stage::admit,
                      "there is a session '" + x.id + "' already");
  auto spec = make_command(x);
  auto& made = records_.try_emplace(x.id, options_.buffer, now()).first->second;
  made.command = title_of(x.script.empty() ? to_string(spec) : x.script);
  made.tty = x.tty;
  made.input_open = x.tty || x.input == stdin_kind::pipe;
  made.keeps_background = x.keep_background;
  auto at_once = x.wait.timeout == caf::timespan::zero();
  if (at_once)
    x.wait.timeout = default_wait;
  auto waiting = begin_reading(made, x.wait, std::move(*patterns),
                               options_.first);
  made.reading->until_running = at_once;
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
    words = options_.shell;
    words.push_back(x.script);
  }
  command result;
  result.program = words.front();
  result.args.assign(words.begin() + 1, words.end());
  result.cwd = x.cwd;
  result.env = x.env;
  if (x.env.inherit) {
    auto& unset = x.env.unset;
    auto ours = options_.env;
    if (x.tty)
      ours["TERM"] = "xterm-256color";
    for (auto& variable : ours)
      if (std::find(unset.begin(), unset.end(), variable.first) == unset.end())
        result.env.set.insert(variable);
  }
  result.stdio = x.tty ? pty(x.size) : merged(x.input);
  result.limits.retained = retained;
  result.limits.timeout = x.timeout;
  result.kill = options_.kill;
  if (x.keep_background)
    result.kill.background = background_policy::keep;
  result.id = x.id;
  return result;
}

session_id exec_machine::next_id() {
  session_id result;
  do
    result = options_.id_prefix + std::to_string(++last_id_);
  while (records_.count(result) != 0);
  return result;
}

std::size_t exec_machine::live() const {
  return static_cast<std::size_t>(
    std::count_if(records_.begin(), records_.end(), [](auto& x) {
      return x.second.state != session_state::closed;
    }));
}

caf::error exec_machine::too_many(const std::string& text) const {
  auto all = describe_sessions(true);
  std::stable_sort(all.begin(), all.end(),
                   [](auto& x, auto& y) { return x.idle > y.idle; });
  auto result = text + "; terminate one that is not needed any more";
  for (std::size_t i = 0; i < std::min(all.size(), max_told); ++i)
    result += (i == 0 ? ": " : "; ") + to_string(all[i]);
  if (all.size() > max_told)
    result += "; and " + std::to_string(all.size() - max_told) + " more";
  return make_error(errc::session_limit, stage::admit, std::move(result));
}

// -- talking ------------------------------------------------------------------

caf::result<exec_result> exec_machine::write(const exec_input& x) {
  auto i = records_.find(x.id);
  if (i == records_.end())
    return no_such_session(x.id);
  if (self_->current_sender() == nullptr)
    return to_error(no_sender(stage::admit));
  auto& record = i->second;
  auto patterns = patterns_of(x.wait);
  if (!patterns)
    return to_error(patterns.error());
  auto steps = input_steps(x, record.tty);
  if (!steps)
    return to_error(steps.error());
  if (record.state == session_state::starting)
    return still_starting(x.id);
  if (record.state >= session_state::exited)
    return has_ended(x.id);
  if (record.reading)
    return busy(x.id);
  if (auto refused = std::exchange(record.input.refused, {}))
    return refused;
  auto& parts = *steps;
  if (!record.input_open) {
    // Such an input is at its end.
    std::erase_if(parts, [](auto& step) {
      return std::holds_alternative<end_of_input>(step);
    });
    if (bytes_in(parts) > 0)
      return no_input(x.id);
  }
  auto& input = record.input;
  auto more = bytes_in(parts);
  if (input.bytes > 0 && input.bytes + more > max_waiting_input)
    return stdin_full(input.bytes, more);
  auto waiting = begin_reading(record, x.wait, std::move(*patterns),
                               options_.write);
  // Output from before the input does not answer it.
  record.echo.flush(record.watch);
  record.watch.skip();
  if (record.tty)
    for (auto& step : parts)
      if (auto* bytes = std::get_if<shared_bytes>(&step))
        record.echo.typed(bytes->text());
  record.reading->sent = more;
  auto number = record.reading->number;
  auto first = parts.begin();
  // A signal with nothing of its request before it does not wait for earlier
  // input: the process may never read that.
  for (; first != parts.end(); ++first)
    if (auto* signal = std::get_if<signal_name>(&*first))
      ask(x.id, record, number, signal_atom_v, *signal);
    else
      break;
  for (; first != parts.end(); ++first)
    input.parts.push_back({std::move(*first), number});
  input.bytes += more;
  record.active = now();
  send_input(x.id, record);
  if (x.wait.timeout == caf::timespan::zero())
    answer(x.id, record, wait_result::timed_out);
  return waiting;
}

void exec_machine::send_input(const session_id& id, exec_record& x) {
  auto& input = x.input;
  // One after the other, so that nothing overtakes what is refused.
  while (input.piece == 0 && !input.parts.empty()) {
    auto& [step, number] = input.parts.front();
    if (auto* bytes = std::get_if<shared_bytes>(&step))
      send_piece(id, x, number, *bytes);
    else if (auto* signal = std::get_if<signal_name>(&step))
      ask(id, x, number, signal_atom_v, *signal);
    else
      ask(id, x, number, close_stdin_atom_v);
    if (auto* bytes = std::get_if<shared_bytes>(&step);
        bytes == nullptr || bytes->empty())
      input.parts.pop_front();
  }
}

void exec_machine::send_piece(const session_id& id, exec_record& x,
                              std::uint64_t number, shared_bytes& from) {
  auto bytes = from.first(piece_size);
  from = from.from(bytes.size());
  auto piece = ++last_number_;
  x.input.piece = piece;
  self_->request(x.hdl, caf::infinite, write_atom_v, std::move(bytes))
    .then([=, this](std::uint64_t n) { on_input_taken(id, piece, number, n); },
          [=, this](const caf::error& why) {
            on_input_refused(id, piece, number, why);
          });
}

void exec_machine::on_input_taken(const session_id& id, std::uint64_t piece,
                                  std::uint64_t number, std::uint64_t bytes) {
  auto i = records_.find(id);
  if (i == records_.end() || i->second.input.piece != piece)
    return;
  auto& x = i->second;
  x.input.piece = 0;
  x.input.bytes -= bytes;
  x.active = now();
  if (x.reading && x.reading->number == number)
    x.reading->written += bytes;
  send_input(id, x);
}

template <class... Ts>
void exec_machine::ask(const session_id& id, const exec_record& x,
                       std::uint64_t number, Ts... request) {
  self_->request(x.hdl, caf::infinite, request...)
    .then([] {},
          [=, this](const caf::error& why) {
            on_request_failed(id, number, why);
          });
}

caf::result<exec_result> exec_machine::poll(const exec_poll& x) {
  auto i = records_.find(x.id);
  if (i == records_.end())
    return no_such_session(x.id);
  if (self_->current_sender() == nullptr)
    return to_error(no_sender(stage::admit));
  auto& record = i->second;
  auto patterns = patterns_of(x.wait);
  if (!patterns)
    return to_error(patterns.error());
  if (record.reading)
    return busy(x.id);
  auto waiting = begin_reading(record, x.wait, std::move(*patterns),
                               options_.poll);
  if (!look(record))
    return waiting;
  if (record.state == session_state::closed)
    answer(x.id, record, wait_result::closed);
  else if (record.reading->found)
    answer(x.id, record, wait_result::matched);
  else if (record.reading->on_output && record.unread.kept().size() > 0)
    answer(x.id, record, wait_result::output);
  else if (x.wait.timeout == caf::timespan::zero())
    answer(x.id, record, wait_result::timed_out);
  if (record.state == session_state::closed)
    records_.erase(i);
  return waiting;
}

std::variant<session, caf::error>
exec_machine::running(const session_id& id) const {
  auto i = records_.find(id);
  if (i == records_.end())
    return no_such_session(id);
  if (i->second.state == session_state::starting)
    return still_starting(id);
  if (i->second.state == session_state::closed)
    return has_ended(id);
  return i->second.hdl;
}

caf::result<void> exec_machine::resize(const session_id& id,
                                       terminal_size size) {
  auto to = running(id);
  if (auto* bad = std::get_if<caf::error>(&to))
    return std::move(*bad);
  return self_->delegate(std::get<session>(to), resize_atom_v, size);
}

caf::result<void> exec_machine::signal(const session_id& id, signal_name name) {
  auto to = running(id);
  if (auto* bad = std::get_if<caf::error>(&to))
    return std::move(*bad);
  return self_->delegate(std::get<session>(to), signal_atom_v, name);
}

caf::result<void> exec_machine::cancel(const session_id& id) {
  auto i = records_.find(id);
  if (i == records_.end())
    return no_such_session(id);
  if (i->second.reading)
    answer(id, i->second, wait_result::cancelled);
  return caf::unit;
}

caf::result<exit_status> exec_machine::wait(const session_id& id) {
  auto i = records_.find(id);
  if (i == records_.end())
    return no_such_session(id);
  if (self_->current_sender() == nullptr)
    return to_error(no_sender(stage::admit));
  auto& x = i->second;
  if (x.start_error)
    return x.start_error;
  if (x.state == session_state::closed)
    return x.status;
  if (x.watching.size() >= max_watchers)
    return make_error(errc::busy, stage::run,
                      std::to_string(max_watchers)
                        + " wait for the end of session '" + id + "' already");
  auto who = caf::actor_cast<caf::actor_addr>(self_->current_sender());
  self_->monitor(who);
  x.watching.push_back({self_->make_response_promise<exit_status>(), who});
  return x.watching.back().promise;
}

// -- overview -----------------------------------------------------------------

caf::result<std::vector<exec_session>> exec_machine::list() {
  return describe_sessions(false);
}

exec_session exec_machine::describe_session(const session_id& id,
                                            const exec_record& x) const {
  exec_session result;
  result.id = id;
  result.command = x.command;
  result.state = x.state;
  result.pid = x.pid;
  result.age = now() - x.begun;
  result.idle = now() - x.active;
  result.produced = x.produced;
  result.unread = x.unread.kept().size();
  result.awaited = x.reading.has_value();
  result.status = x.status;
  if (x.start_error)
    result.start_error = describe(x.start_error);
  return result;
}

std::vector<exec_session>
exec_machine::describe_sessions(bool live_only) const {
  std::vector<exec_session> result;
  for (auto& [id, x] : records_)
    if (!live_only || x.state != session_state::closed)
      result.push_back(describe_session(id, x));
  std::stable_sort(result.begin(), result.end(),
                   [](auto& x, auto& y) { return x.age > y.age; });
  return result;
}

// -- ending -------------------------------------------------------------------

caf::result<exec_result> exec_machine::terminate(const session_id& id) {
  auto i = records_.find(id);
  if (i == records_.end())
    return no_such_session(id);
  auto& x = i->second;
  if (x.terminating.size() >= max_watchers)
    return busy(id);
  x.terminating.push_back({self_->make_response_promise<exec_result>(), now()});
  auto waiting = x.terminating.back().promise;
  if (x.state == session_state::closed)
    forget(i);
  else
    ask_to_end(id, x);
  return waiting;
}

caf::result<std::vector<exec_session>> exec_machine::terminate_all() {
  if (sweeps_.size() >= max_watchers)
    return make_error(errc::busy, stage::run,
                      "somebody ends all sessions already");
  sweep x;
  x.promise = self_->make_response_promise<std::vector<exec_session>>();
  x.swept = describe_sessions(true);
  for (auto& y : x.swept)
    x.left.insert(y.id);
  auto waiting = x.promise;
  auto ids = x.left;
  sweeps_.push_back(std::move(x));
  for (auto& id : ids)
    ask_to_end(id, records_.at(id));
  finish_sweeps({});
  return waiting;
}

namespace {

exec_tool_impl::behavior_type
exec_behavior(exec_tool_impl::stateful_pointer<exec_machine> self,
              const spawner& where, const exec_tool_options& options) {
  return state_of(self).make_behavior(where, options);
}

/// What others hold. The sessions hold the machine, whose events they send, so
/// that this is what tells it that nobody needs it any more.
exec_tool::behavior_type facade_behavior(exec_tool::pointer self,
                                         const exec_tool_impl& machine) {
  self->link_to(machine);
  return {
    [=](exec_atom x, exec_request& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](write_atom x, exec_input& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](poll_atom x, exec_poll& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](resize_atom x, session_id& y, terminal_size size) {
      return self->delegate(machine, x, std::move(y), size);
    },
    [=](signal_atom x, session_id& y, signal_name name) {
      return self->delegate(machine, x, std::move(y), name);
    },
    [=](cancel_atom x, session_id& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](wait_atom x, session_id& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](list_atom x) { return self->delegate(machine, x); },
    [=](terminate_atom x, session_id& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](terminate_atom x) { return self->delegate(machine, x); },
  };
}

} // namespace

exec_tool make_exec_tool(caf::actor_system& sys, spawner where,
                         exec_tool_options options) {
  auto machine = sys.spawn(exec_behavior, std::move(where), std::move(options));
  return sys.spawn(facade_behavior, std::move(machine));
}

} // namespace procession
