// What becomes of the exec tool's sessions, and of those who wait for them.
#include "procession/actors/exec/exec_machine.hpp"
#include "procession/io/text/utf8.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

/// How long a session whose process has ended is waited for to be closed, as it
/// soon is if nothing was left in the background.
constexpr auto settling_time = std::chrono::milliseconds{250};

/// Bytes of a match that an answer tells.
constexpr std::uint64_t max_matched = 1024;

} // namespace

exec_machine::~exec_machine() {
  auto why = make_error(errc::runtime_stopped, stage::run,
                        "the exec tool has ended");
  for (auto& [id, x] : records_) {
    if (x.reading)
      refuse(x, why);
    for (auto& y : x.watching) {
      self_->demonitor(y.who);
      y.promise.deliver(why);
    }
    for (auto& y : x.terminating)
      y.promise.deliver(why);
    if (x.hdl)
      self_->demonitor(x.hdl.address());
  }
  for (auto& x : sweeps_)
    x.promise.deliver(why);
}

actor_timer::time_point exec_machine::now() const {
  return self_->clock().now();
}

// -- the life of a session ----------------------------------------------------

void exec_machine::on_spawned(const session_id& id, session hdl) {
  // It stays until it is closed, which it cannot be before.
  auto& x = records_.at(id);
  x.hdl = std::move(hdl);
  x.state = session_state::running;
  self_->monitor(x.hdl);
  if (x.end == exec_record::ending::asked)
    ask_to_end(id, x);
  if (x.reading && x.reading->until_running)
    answer(id, x, wait_result::timed_out);
}

void exec_machine::on_start_failed(const session_id& id,
                                   const caf::error& why) {
  auto i = records_.find(id);
  i->second.state = session_state::closed;
  i->second.start_error = is(why, errc::session_limit)
                            ? too_many(detail_of(why).text)
                            : why;
  i->second.status.cause = exit_cause::start_failed;
  close(i);
}

exec_machine::records::iterator exec_machine::source_of(const session_id& id) {
  auto i = records_.find(id);
  if (i != records_.end() && i->second.state != session_state::closed
      && i->second.hdl == self_->current_sender())
    return i;
  return records_.end();
}

void exec_machine::on(const started& x) {
  if (auto i = source_of(x.id); i != records_.end())
    i->second.pid = x.pid;
}

void exec_machine::on(const output& x) {
  auto i = source_of(x.id);
  if (i == records_.end())
    return;
  auto& record = i->second;
  self_->send(record.hdl, ack_atom_v, std::uint64_t{x.bytes.size()});
  record.unread.append(x.stream, x.bytes.text());
  record.produced[x.stream] += x.bytes.size();
  record.active = now();
  if (record.tty)
    record.echo.pass(x.bytes.text(), record.watch);
  else
    record.watch.append(x.bytes.text());
  if (!record.reading || !look(record))
    return;
  if (record.reading->found)
    answer(x.id, record, wait_result::matched);
  else if (record.reading->on_output && record.unread.kept().size() > 0)
    answer(x.id, record, wait_result::output);
}

void exec_machine::on(const gap& x) {
  auto i = source_of(x.id);
  if (i == records_.end())
    return;
  i->second.unread.lose(x.stream, x.to - x.from);
  i->second.produced[x.stream] += x.to - x.from;
  i->second.echo.flush(i->second.watch);
  i->second.watch.lose(x.to - x.from);
}

void exec_machine::on(const exited& x) {
  auto i = source_of(x.id);
  if (i == records_.end())
    return;
  i->second.state = session_state::exited;
  i->second.status = x.status;
  hasten(i->second);
}

void exec_machine::hasten(exec_record& x) {
  // A wait for output goes on.
  if (!x.keeps_background || x.state != session_state::exited || x.exit_told
      || !x.reading || x.reading->on_output || !x.reading->wanted.empty())
    return;
  x.reading->until = std::min(x.reading->until, now() + settling_time);
  timer_.fire_at(x.reading->until);
}

void exec_machine::on(const closed& x) {
  auto i = source_of(x.id);
  if (i == records_.end())
    return;
  i->second.complete = x.why == close_reason::complete;
  i->second.rest = x.rest;
  close(i);
}

void exec_machine::on_lost(const session_id& id) {
  auto i = records_.find(id);
  if (i == records_.end() || i->second.state == session_state::closed)
    return;
  // On another machine it may be lost without a word.
  if (i->second.state < session_state::exited)
    i->second.status.cause = exit_cause::runner_lost;
  i->second.complete = false;
  close(i);
}

void exec_machine::on_down(const caf::down_msg& x) {
  std::vector<session_id> lost;
  for (auto& [id, record] : records_) {
    // What nobody hears is not said: the output is left for others.
    if (record.reading && record.reading->who == x.source)
      record.reading.reset();
    std::erase_if(record.watching, [&](auto& y) { return y.who == x.source; });
    if (record.hdl && record.hdl.address() == x.source
        && record.state != session_state::closed)
      lost.push_back(id);
  }
  for (auto& id : lost)
    on_lost(id);
}

// -- waiting ------------------------------------------------------------------

caf::typed_response_promise<exec_result>
exec_machine::begin_reading(exec_record& x, const exec_wait& how,
                            pattern_set patterns, const wait_limits& range) {
  auto timeout = how.timeout == default_wait ? range.normal
                                             : std::min(how.timeout, range.max);
  auto budget = how.max_output == 0 ? options_.max_output : how.max_output;
  exec_record::reader result;
  result.number = ++last_number_;
  // First: the promise takes the sender along.
  result.who = caf::actor_cast<caf::actor_addr>(self_->current_sender());
  result.promise = self_->make_response_promise<exec_result>();
  result.since = now();
  result.until = result.since + timeout;
  result.on_output = how.on_output;
  result.max_output = std::min<std::uint64_t>(budget, options_.buffer);
  self_->monitor(result.who);
  timer_.fire_at(result.until);
  result.wanted = how.until;
  result.wanted.insert(result.wanted.end(), how.until_regex.begin(),
                       how.until_regex.end());
  x.watch.look_for(std::move(patterns));
  x.reading = std::move(result);
  hasten(x);
  return x.reading->promise;
}

/// Looks for what is wanted. @returns false if that failed and the wait is
/// over.
bool exec_machine::look(exec_record& x) {
  auto found = x.watch.find();
  if (!found) {
    refuse(x, to_error(found.error()));
    return false;
  }
  if (*found)
    x.reading->found = std::move(**found);
  return true;
}

exec_result exec_machine::take(const session_id& id, exec_record& x,
                               wait_result why, std::uint64_t max_output,
                               time_point since) {
  exec_result result;
  result.id = id;
  result.wait = why;
  result.state = x.state;
  result.status = x.status;
  result.complete = x.complete;
  result.rest = x.rest;
  result.waited = now() - since;
  if (why == wait_result::cancelled)
    return result;
  x.exit_told = x.state >= session_state::exited;
  auto text = x.unread.take(max_output);
  result.head = std::move(text.head);
  result.omitted = text.omitted;
  result.tail = std::move(text.tail);
  result.invalid = text.invalid;
  result.bytes = text.bytes;
  return result;
}

void exec_machine::answer(const session_id& id, exec_record& x,
                          wait_result why) {
  if (x.start_error)
    return refuse(x, x.start_error);
  auto& who = *x.reading;
  auto result = take(id, x, why, who.max_output, who.since);
  result.sent = who.sent;
  result.written = who.written;
  if (who.found) {
    result.matched = who.wanted[who.found->pattern];
    result.matched_text = utf8::take_front(who.found->text, max_matched).text;
  }
  who.promise.deliver(std::move(result));
  stop_reading(x);
}

void exec_machine::refuse(exec_record& x, const caf::error& why) {
  x.reading->promise.deliver(why);
  stop_reading(x);
}

void exec_machine::stop_reading(exec_record& x) {
  self_->demonitor(x.reading->who);
  x.reading.reset();
}

void exec_machine::on_input_refused(const session_id& id, std::uint64_t piece,
                                    std::uint64_t number,
                                    const caf::error& why) {
  auto i = records_.find(id);
  if (i == records_.end() || i->second.input.piece != piece)
    return;
  auto& x = i->second;
  auto concerns = [&](std::uint64_t n) {
    return x.reading && x.reading->number == n;
  };
  auto heard = concerns(number);
  for (auto& part : x.input.parts)
    heard = heard || concerns(part.number);
  // Later input would follow a gap, so it is dropped too.
  x.input = {};
  // An end while it is written to is what the answer will tell.
  if (is(why, errc::already_exited))
    return;
  if (heard)
    refuse(x, why);
  else
    x.input.refused = why;
}

void exec_machine::on_request_failed(const session_id& id, std::uint64_t number,
                                     const caf::error& why) {
  auto i = records_.find(id);
  if (i == records_.end() || !i->second.reading
      || i->second.reading->number != number)
    return;
  if (!is(why, errc::already_exited))
    refuse(i->second, why);
}

void exec_machine::on_timer() {
  if (!timer_.fired())
    return;
  for (auto& [id, x] : records_) {
    if (!x.reading)
      continue;
    auto news = x.keeps_background && x.state == session_state::exited
                && !x.exit_told;
    if (x.reading->until <= now())
      answer(id, x, news ? wait_result::exited : wait_result::timed_out);
    else
      timer_.fire_at(x.reading->until);
  }
  forget_unread();
}

// -- the end ------------------------------------------------------------------

void exec_machine::ask_to_end(const session_id& id, exec_record& x) {
  x.end = exec_record::ending::asked;
  if (x.state == session_state::starting)
    return;
  self_->request(x.hdl, caf::infinite, terminate_atom_v)
    .then([](const exit_status&) {},
          [=, this](const caf::error& why) {
            auto i = records_.find(id);
            if (i == records_.end())
              return;
            for (auto& y : std::exchange(i->second.terminating, {}))
              y.promise.deliver(why);
            finish_sweeps(id);
          });
}

void exec_machine::close(records::iterator i) {
  auto& [id, x] = *i;
  x.state = session_state::closed;
  x.over = now();
  x.unread.end();
  if (x.hdl)
    self_->demonitor(x.hdl.address());
  // The one who ended it may be the one who reads the last of it.
  auto read = x.reading || !x.terminating.empty();
  if (x.reading)
    answer(id, x, wait_result::closed);
  for (auto& y : std::exchange(x.watching, {})) {
    self_->demonitor(y.who);
    if (x.start_error)
      y.promise.deliver(x.start_error);
    else
      y.promise.deliver(x.status);
  }
  finish_sweeps(id);
  if (read)
    return forget(i);
  timer_.fire_at(x.over + options_.unread_for);
  forget_unread();
}

void exec_machine::finish_sweeps(const session_id& id) {
  std::erase_if(sweeps_, [&](sweep& x) {
    if (x.left.erase(id) != 0)
      for (auto& y : x.swept)
        if (auto i = records_.find(id); y.id == id && i != records_.end())
          y = describe_session(id, i->second);
    if (x.left.empty())
      x.promise.deliver(std::move(x.swept));
    return x.left.empty();
  });
}

/// Answers those who ended it; the first gets what output there is.
void exec_machine::forget(records::iterator i) {
  auto& [id, x] = *i;
  for (auto& y : std::exchange(x.terminating, {})) {
    if (x.start_error)
      y.promise.deliver(x.start_error);
    else
      y.promise.deliver(
        take(id, x, wait_result::closed, options_.max_output, y.since));
  }
  records_.erase(i);
}

void exec_machine::forget_unread() {
  std::vector<records::iterator> unread;
  for (auto i = records_.begin(); i != records_.end(); ++i)
    if (i->second.state == session_state::closed)
      unread.push_back(i);
  std::stable_sort(unread.begin(), unread.end(), [](auto x, auto y) {
    return x->second.over < y->second.over;
  });
  auto excess = unread.size() - std::min(unread.size(), options_.max_unread);
  for (std::size_t n = 0; n < unread.size(); ++n) {
    auto until = unread[n]->second.over + options_.unread_for;
    if (n < excess || until <= now())
      records_.erase(unread[n]);
    else
      timer_.fire_at(until);
  }
}

} // namespace procession
