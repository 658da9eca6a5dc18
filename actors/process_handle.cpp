#include "procession/actors/process_handle.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <type_traits>

namespace procession {

namespace {

// A read without a deadline waits for this long at a time.
constexpr auto read_wait = caf::timespan{max_timespan};

constexpr std::uint64_t read_size = 256 * 1024;

// A write is sent in pieces that fit into the input queue.
constexpr std::size_t write_size = 256 * 1024;

caf::error too_late() {
  return make_error(errc::deadline_passed, stage::run,
                    "the deadline of the caller passed");
}

using time_point = std::chrono::steady_clock::time_point;

time_point deadline_after(caf::timespan timeout) {
  return std::chrono::steady_clock::now()
         + std::min<caf::timespan>(timeout, max_timespan);
}

caf::timespan time_left(time_point until) {
  return std::max(caf::timespan::zero(),
                  caf::timespan{until - std::chrono::steady_clock::now()});
}

/// Sends a request to `whom` and blocks this thread until the answer arrives.
template <class Result, class Handle, class Time, class... Ts>
caf::expected<Result>
ask_for(caf::actor_system& sys, const Handle& whom, Time timeout, Ts&&... xs) {
  caf::scoped_actor self{sys};
  auto waiting = self->request(whom, timeout, std::forward<Ts>(xs)...);
  caf::error problem;
  auto failed = [&](caf::error& x) {
    problem = x == caf::sec::request_timeout ? too_late() : std::move(x);
  };
  if constexpr (std::is_void_v<Result>) {
    waiting.receive([] {}, failed);
    if (problem)
      return problem;
    return {};
  } else {
    Result result;
    waiting.receive([&](Result& x) { result = std::move(x); }, failed);
    if (problem)
      return problem;
    return result;
  }
}

template <class Result, class Time, class... Ts>
caf::expected<Result> ask(const session& whom, Time timeout, Ts&&... xs) {
  if (!whom)
    return make_error(errc::no_such_session, stage::none,
                      "the handle owns no process");
  return ask_for<Result>(whom.home_system(), whom, timeout,
                         std::forward<Ts>(xs)...);
}

} // namespace

// -- process_handle -----------------------------------------------------------

process_handle& process_handle::operator=(process_handle&& other) noexcept {
  process_handle before{std::move(*this)};
  session_ = std::move(other.session_);
  return *this;
}

process_handle::~process_handle() {
  if (session_)
    caf::anon_send_exit(session_, caf::exit_reason::user_shutdown);
}

caf::expected<std::uint64_t> process_handle::write(shared_bytes bytes) {
  std::uint64_t written = 0;
  auto piece = write_size;
  while (written < bytes.size()) {
    auto n = ask<std::uint64_t>(session_, caf::infinite, write_atom_v,
                                bytes.from(written).first(piece));
    if (n) {
      written += *n;
      continue;
    }
    // The queue of this session may be smaller than a piece.
    auto known = info();
    if (!is(n.error(), errc::stdin_full) || !known
        || known->spec.limits.stdin_queue == 0
        || known->spec.limits.stdin_queue >= piece)
      return n;
    piece = known->spec.limits.stdin_queue;
  }
  return written;
}

caf::expected<void> process_handle::close_stdin() {
  return ask<void>(session_, caf::infinite, close_stdin_atom_v);
}

caf::expected<void> process_handle::resize(terminal_size size) {
  return ask<void>(session_, caf::infinite, resize_atom_v, size);
}

caf::expected<void> process_handle::signal(signal_name name) {
  return ask<void>(session_, caf::infinite, signal_atom_v, name);
}

caf::expected<exit_status> process_handle::terminate() {
  return ask<exit_status>(session_, caf::infinite, terminate_atom_v);
}

caf::expected<exit_status> process_handle::terminate(caf::timespan grace) {
  return ask<exit_status>(session_, caf::infinite, terminate_atom_v, grace);
}

void process_handle::request_terminate() {
  if (session_)
    caf::anon_send(session_, terminate_atom_v);
}

caf::expected<exit_status> process_handle::wait() {
  return ask<exit_status>(session_, caf::infinite, wait_atom_v);
}

caf::expected<exit_status> process_handle::wait(caf::timespan timeout) {
  return ask<exit_status>(session_, timeout, wait_atom_v);
}

bool process_handle::has_exited() {
  auto known = info();
  // A session that does not answer no longer has a process.
  return !known || known->state >= session_state::exited;
}

std::optional<std::uint32_t> process_handle::exit_code() {
  auto known = info();
  if (!known || known->state < session_state::exited)
    return std::nullopt;
  return shell_code(known->status);
}

caf::expected<session_info> process_handle::info() {
  return ask<session_info>(session_, caf::infinite, info_atom_v);
}

// -- process_output -----------------------------------------------------------

namespace {

/// Returns the next item of a source, without a deadline.
template <class Source>
auto next_of(Source& source) {
  for (;;) {
    auto result = source.next(read_wait);
    if (result || !is(result.error(), errc::deadline_passed))
      return result;
  }
}

} // namespace

caf::expected<std::optional<output>> process_output::next() {
  return next_of(*this);
}

caf::expected<std::optional<output>>
process_output::next(caf::timespan timeout) {
  if (pending_.empty() && !ended_) {
    auto got = ask<page>(source_, caf::infinite, read_atom_v, at_, read_size,
                         timeout);
    if (!got)
      return got.error();
    for (auto& loss : got->gaps)
      missed_[loss.stream] += loss.to - loss.from;
    std::move(got->outputs.begin(), got->outputs.end(),
              std::back_inserter(pending_));
    at_ = got->next;
    status_ = got->status;
    complete_ = got->complete;
    // One read may not return all remaining output.
    ended_ = got->outputs.empty() && got->state == session_state::closed;
  }
  if (pending_.empty()) {
    if (ended_)
      return std::optional<output>{};
    return too_late();
  }
  auto result = std::move(pending_.front());
  pending_.pop_front();
  return std::optional<output>{std::move(result)};
}

// -- combined_output ----------------------------------------------------------

namespace {

caf::expected<std::optional<shared_bytes>>
bytes_of(caf::expected<std::optional<output>> x) {
  if (!x)
    return x.error();
  if (!*x)
    return std::optional<shared_bytes>{};
  return std::optional<shared_bytes>{std::move((*x)->bytes)};
}

} // namespace

caf::expected<std::optional<shared_bytes>> combined_output::next() {
  return bytes_of(source_.next());
}

caf::expected<std::optional<shared_bytes>>
combined_output::next(caf::timespan timeout) {
  return bytes_of(source_.next(timeout));
}

combined_output combine_output(process_output source) {
  return combined_output{std::move(source)};
}

std::optional<gap> output_place::skip_to(const output& x) noexcept {
  auto from = std::exchange(at_[x.stream], x.offset + x.bytes.size());
  if (from == x.offset)
    return std::nullopt;
  return gap{x.id, 0, x.stream, from, x.offset};
}

// -- line_output --------------------------------------------------------------

caf::expected<std::optional<text_line>> line_output::next() {
  return next_of(*this);
}

caf::expected<std::optional<text_line>>
line_output::next(caf::timespan timeout) {
  auto until = deadline_after(timeout);
  auto keep = [this](const line& x) {
    ready_.push_back({x.stream, std::string{x.text}, x.begins, x.ends});
  };
  while (ready_.empty()) {
    auto chunk = source_.next(time_left(until));
    if (!chunk)
      return chunk.error();
    if (auto& x = *chunk) {
      if (auto loss = at_.skip_to(*x))
        reader_.lose(*loss, keep);
      reader_.feed(*x, keep);
      continue;
    }
    reader_.end(keep);
    if (ready_.empty())
      return std::optional<text_line>{};
  }
  auto result = std::move(ready_.front());
  ready_.pop_front();
  return std::optional<text_line>{std::move(result)};
}

// -- expect_output ------------------------------------------------------------

caf::expected<expect_result>
expect_output::expect(const std::vector<pattern>& patterns,
                      caf::timespan timeout) {
  if (auto bad = buffer_.look_for(patterns))
    return to_error(*bad);
  auto until = deadline_after(timeout);
  // With a timeout of zero, search the output that is there already.
  for (auto searched = false;; searched = true) {
    auto found = buffer_.find();
    if (!found)
      return to_error(found.error());
    if (*found)
      return std::move(**found);
    // While output keeps coming, the read below would never miss the deadline.
    if (searched && time_left(until) == caf::timespan::zero())
      return too_late();
    auto chunk = source_.next(time_left(until));
    if (!chunk)
      return chunk.error();
    if (!*chunk)
      return buffer_.end();
    if (auto loss = at_.skip_to(**chunk))
      buffer_.lose(*loss);
    buffer_.append(**chunk);
  }
}

// -- starting -----------------------------------------------------------------

caf::expected<spawned_process> spawn_process(const spawner& where,
                                             command spec) {
  spec.unsubscribed = unsubscribed_policy::pause;
  // The asking actor ends as soon as it has the answer.
  spec.owner = ownership::spawner;
  // The session is retained until the handle releases it.
  spec.limits.retention = max_timespan;
  auto hdl = ask_for<session>(where.home_system(), where, caf::infinite,
                              spawn_atom_v, std::move(spec));
  if (!hdl)
    return hdl.error();
  return spawned_process{process_handle{*hdl}, process_output{*hdl}};
}

caf::expected<spawned_process>
spawn_pty_process(const spawner& where, command spec, terminal_size size) {
  spec.stdio = pty(size);
  return spawn_process(where, std::move(spec));
}

caf::expected<spawned_process> spawn_pipe_process(const spawner& where,
                                                  command spec) {
  spec.stdio = pipes();
  return spawn_process(where, std::move(spec));
}

caf::expected<spawned_process> spawn_pipe_process_no_stdin(const spawner& where,
                                                           command spec) {
  spec.stdio = pipes(stdin_kind::null);
  return spawn_process(where, std::move(spec));
}

} // namespace procession
