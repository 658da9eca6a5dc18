#include "procession/actors/exec/tool_session.hpp"

#include "procession/io/text/utf8.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

/// A session whose process has ended is usually closed within this time, unless
/// processes are left in the background.
constexpr auto settling_time = std::chrono::milliseconds{250};

/// The longest text of a match in an answer, in bytes.
constexpr std::uint64_t max_matched = 1024;

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

caf::error no_input(const session_id& id) {
  return make_error(errc::stdin_closed, stage::run,
                    "session '" + id
                      + "' was started without standard input; run its command "
                        "again with its input open, or on a terminal");
}

std::uint64_t bytes_in(const std::vector<input_step>& steps) {
  std::uint64_t result = 0;
  for (auto& x : steps)
    if (auto* bytes = std::get_if<shared_bytes>(&x))
      result += bytes->size();
  return result;
}

} // namespace

tool_session::tool_session(exec_context& at, const exec_request& x,
                           std::string title)
  : at_(at), id_(x.id), title_(std::move(title)), tty_(x.tty),
    input_open_(x.tty || x.input == stdin_kind::pipe),
    keeps_background_(x.keep_background), unread_(at.options.buffer),
    begun_(at.now()), active_(begun_),
    input_(std::make_shared<pending_input>(
      at.self, at.last_number, static_cast<input_listener&>(*this))) {
  // nop
}

exec_session tool_session::describe() const {
  exec_session result;
  result.id = id_;
  result.command = title_;
  result.state = state_;
  result.pid = pid_;
  result.age = at_.now() - begun_;
  result.idle = at_.now() - active_;
  result.produced = produced_;
  result.unread = unread_.kept().size();
  result.awaited = reading_.has_value();
  result.status = status_;
  if (start_error_)
    result.start_error = procession::describe(start_error_);
  return result;
}

caf::expected<session> tool_session::running() const {
  if (state_ == session_state::starting)
    return still_starting(id_);
  if (state_ == session_state::closed)
    return has_ended(id_);
  return hdl_;
}

bool tool_session::sent_this() const {
  return state_ != session_state::closed && hdl_ == at_.self->current_sender();
}

// -- requests -----------------------------------------------------------------

caf::result<exec_result> tool_session::begin(exec_wait how,
                                             pattern_set patterns) {
  auto at_once = how.timeout == caf::timespan::zero();
  if (at_once)
    how.timeout = default_wait;
  auto waiting = begin_reading(how, std::move(patterns), at_.options.first);
  reading_->until_running = at_once;
  return waiting;
}

caf::result<exec_result> tool_session::poll(const exec_wait& how,
                                            pattern_set patterns) {
  if (reading_)
    return busy(id_);
  auto waiting = begin_reading(how, std::move(patterns), at_.options.poll);
  if (!look())
    return waiting;
  if (state_ == session_state::closed)
    answer(wait_result::closed);
  else if (!answer_found() && how.timeout == caf::timespan::zero())
    answer(wait_result::timed_out);
  return waiting;
}

void tool_session::cancel() {
  if (reading_)
    answer(wait_result::cancelled);
}

caf::result<exit_status> tool_session::wait() {
  if (start_error_)
    return start_error_;
  if (state_ == session_state::closed)
    return status_;
  return watching_.add(at_.self, stage::run);
}

caf::result<exec_result> tool_session::terminate() {
  return terminating_.add(at_.self, stage::run, at_.now());
}

// -- events -------------------------------------------------------------------

bool tool_session::on_spawned(session hdl) {
  hdl_ = std::move(hdl);
  state_ = session_state::running;
  at_.self->monitor(hdl_);
  if (reading_ && reading_->until_running)
    answer(wait_result::timed_out);
  return end_asked_;
}

void tool_session::on_start_failed(caf::error why) {
  start_error_ = std::move(why);
  status_.cause = exit_cause::start_failed;
  close();
}

void tool_session::on(const started& x) {
  pid_ = x.pid;
}

void tool_session::on(const output& x) {
  at_.self->send(hdl_, ack_atom_v, x.bytes.size());
  unread_.append(x.stream, x.bytes.text());
  produced_[x.stream] += x.bytes.size();
  active_ = at_.now();
  if (tty_)
    echo_.pass(x.bytes.text(), watch_);
  else
    watch_.append(x.bytes.text());
  if (reading_ && look())
    answer_found();
}

void tool_session::on(const gap& x) {
  unread_.lose(x.stream, x.to - x.from);
  produced_[x.stream] += x.to - x.from;
  echo_.flush(watch_);
  watch_.lose(x.to - x.from);
}

void tool_session::on(const exited& x) {
  state_ = session_state::exited;
  status_ = x.status;
  hasten();
}

void tool_session::on(const closed& x) {
  complete_ = x.why == close_reason::complete;
  rest_ = x.rest;
  close();
}

void tool_session::on_lost() {
  if (state_ < session_state::exited)
    status_.cause = exit_cause::runner_lost;
  complete_ = false;
  close();
}

bool tool_session::on_down(const caf::actor_addr& who) {
  // The output is left for the next request.
  if (reading_ && reading_->who == who)
    reading_.reset();
  return hdl_ && hdl_.address() == who && state_ != session_state::closed;
}

void tool_session::on_timer() {
  if (!reading_)
    return;
  auto news = keeps_background_ && state_ == session_state::exited
              && !exit_told_;
  if (reading_->until <= at_.now())
    answer(news ? wait_result::exited : wait_result::timed_out);
  else
    at_.timer.fire_at(reading_->until);
}

// -- output and the request that waits for it ---------------------------------

caf::typed_response_promise<exec_result>
tool_session::begin_reading(const exec_wait& how, pattern_set patterns,
                            const wait_limits& range) {
  auto timeout = how.timeout == default_wait ? range.normal
                                             : std::min(how.timeout, range.max);
  auto budget = how.max_output == 0 ? at_.options.max_output : how.max_output;
  reader result;
  result.number = ++at_.last_number;
  // Comes first, as creating the promise takes the sender away.
  result.who = caf::actor_cast<caf::actor_addr>(at_.self->current_sender());
  result.promise = at_.self->make_response_promise<exec_result>();
  result.since = at_.now();
  result.until = result.since + timeout;
  result.on_output = how.on_output;
  result.max_output = std::min<std::uint64_t>(budget, at_.options.buffer);
  at_.self->monitor(result.who);
  at_.timer.fire_at(result.until);
  result.wanted = how.until;
  result.wanted.insert(result.wanted.end(), how.until_regex.begin(),
                       how.until_regex.end());
  watch_.look_for(std::move(patterns));
  reading_ = std::move(result);
  hasten();
  return reading_->promise;
}

/// Looks for the wanted texts. @returns false if that failed and the wait is
/// over.
bool tool_session::look() {
  auto found = watch_.find();
  if (!found) {
    refuse(to_error(found.error()));
    return false;
  }
  if (*found)
    reading_->found = std::move(**found);
  return true;
}

/// Answers the reader if the output that it waits for is there. @returns
/// whether it was answered.
bool tool_session::answer_found() {
  if (reading_->found)
    answer(wait_result::matched);
  else if (reading_->on_output && unread_.kept().size() > 0)
    answer(wait_result::output);
  return !reading_;
}

/// Shortens the wait of a reader that waits only for the end.
void tool_session::hasten() {
  if (!keeps_background_ || state_ != session_state::exited || exit_told_
      || !reading_ || reading_->on_output || !reading_->wanted.empty())
    return;
  reading_->until = std::min(reading_->until, at_.now() + settling_time);
  at_.timer.fire_at(reading_->until);
}

exec_result tool_session::take(wait_result why, std::uint64_t max_output,
                               time_point since) {
  exec_result result;
  result.id = id_;
  result.wait = why;
  result.state = state_;
  result.status = status_;
  result.complete = complete_;
  result.rest = rest_;
  result.waited = at_.now() - since;
  if (why == wait_result::cancelled)
    return result;
  exit_told_ = state_ >= session_state::exited;
  auto text = unread_.take(max_output);
  result.head = std::move(text.head);
  result.omitted = text.omitted;
  result.tail = std::move(text.tail);
  result.invalid = text.invalid;
  result.bytes = text.bytes;
  return result;
}

void tool_session::answer(wait_result why) {
  read_ = state_ == session_state::closed;
  if (start_error_)
    return refuse(start_error_);
  auto& who = *reading_;
  auto result = take(why, who.max_output, who.since);
  result.sent = who.sent;
  result.written = who.written;
  if (who.found) {
    result.matched = who.wanted[who.found->pattern];
    result.matched_text = utf8::take_front(who.found->text, max_matched).text;
  }
  who.promise.deliver(std::move(result));
  stop_reading();
}

void tool_session::refuse(const caf::error& why) {
  reading_->promise.deliver(why);
  stop_reading();
}

void tool_session::stop_reading() {
  at_.self->demonitor(reading_->who);
  reading_.reset();
}

// -- input --------------------------------------------------------------------

caf::result<exec_result> tool_session::write(const exec_input& x,
                                             pattern_set patterns) {
  auto steps = input_steps(x, tty_);
  if (!steps)
    return to_error(steps.error());
  if (state_ == session_state::starting)
    return still_starting(id_);
  if (state_ >= session_state::exited)
    return has_ended(id_);
  if (reading_)
    return busy(id_);
  if (auto refused = input_->take_refusal())
    return refused;
  auto& parts = *steps;
  if (!input_open_) {
    // This input has already ended.
    std::erase_if(parts, [](auto& step) {
      return std::holds_alternative<end_of_input>(step);
    });
    if (bytes_in(parts) > 0)
      return no_input(id_);
  }
  auto more = bytes_in(parts);
  if (auto full = input_->check_room(more))
    return full;
  auto waiting = begin_reading(x.wait, std::move(patterns), at_.options.write);
  // Output from before the input must not match.
  echo_.flush(watch_);
  watch_.skip();
  if (tty_)
    for (auto& step : parts)
      if (auto* bytes = std::get_if<shared_bytes>(&step))
        echo_.typed(bytes->text());
  reading_->sent = more;
  active_ = at_.now();
  input_->send(hdl_, std::move(parts), reading_->number);
  if (x.wait.timeout == caf::timespan::zero())
    answer(wait_result::timed_out);
  return waiting;
}

std::uint64_t tool_session::waiting_request() const {
  return reading_ ? reading_->number : 0;
}

void tool_session::on_input_taken(std::uint64_t request, std::uint64_t bytes) {
  active_ = at_.now();
  if (waiting_request() == request)
    reading_->written += bytes;
}

void tool_session::on_input_failed(const caf::error& why) {
  refuse(why);
}

// -- the end ------------------------------------------------------------------

bool tool_session::end_when_running() {
  end_asked_ = true;
  return state_ != session_state::starting;
}

void tool_session::close() {
  state_ = session_state::closed;
  over_ = at_.now();
  unread_.end();
  if (hdl_)
    at_.self->demonitor(hdl_.address());
  if (reading_)
    answer(wait_result::closed);
  if (start_error_)
    watching_.fail(start_error_);
  else
    watching_.deliver(status_);
}

void tool_session::answer_terminators() {
  if (start_error_)
    return terminating_.fail(start_error_);
  terminating_.answer_if([](auto&) { return true; },
                         [this](time_point since) {
                           return take(wait_result::closed,
                                       at_.options.max_output, since);
                         });
}

void tool_session::fail_terminators(const caf::error& why) {
  terminating_.fail(why);
}

void tool_session::abandon(const caf::error& why) {
  if (reading_)
    refuse(why);
  watching_.fail(why);
  terminating_.fail(why);
  if (hdl_)
    at_.self->demonitor(hdl_.address());
}

} // namespace procession
