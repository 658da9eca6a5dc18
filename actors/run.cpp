#include "procession/actors/run.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace procession {

namespace {

constexpr std::uint64_t read_at_once = 1024 * 1024;

/// Writes the whole input of a session, and closes it once all of it was taken.
/// Answers when it is done, with an error if input was refused.
caf::behavior feed(caf::event_based_actor* self, const session& to,
                   const shared_bytes& input) {
  return {
    [=](write_atom) {
      void_promise done = self->make_response_promise<void>();
      self->request(to, caf::infinite, write_atom_v, input)
        .then(
          [=](std::uint64_t) mutable {
            caf::anon_send(to, close_stdin_atom_v);
            fulfill(done);
          },
          [=](caf::error& why) mutable {
            // A child may end, or close its input, before it has read all.
            if (is(why, errc::already_exited) || is(why, errc::stdin_closed))
              return fulfill(done);
            caf::anon_send(to, terminate_atom_v);
            done.deliver(std::move(why));
          });
      return done;
    },
  };
}

/// Appends output up to the cap, and counts the rest.
void collect(run_result& result, const output& x, std::uint64_t cap) {
  auto& text = x.stream == stream_kind::out ? result.out : result.err;
  auto room = cap - std::min<std::uint64_t>(cap, text.size());
  auto kept = x.bytes.first(room);
  text.append(kept.text());
  result.omitted[x.stream] += x.bytes.size() - kept.size();
}

} // namespace

caf::expected<run_result> run(const spawner& where, command spec,
                              shared_bytes input, std::uint64_t cap) {
  caf::scoped_actor self{where.home_system()};
  return run(self, where, std::move(spec), std::move(input), cap);
}

caf::expected<run_result> run(caf::scoped_actor& self, const spawner& where,
                              command spec, shared_bytes input,
                              std::uint64_t cap) {
  // The session pauses for this reader, which reads by cursor: no output is
  // lost, and no events mix with the caller's other messages.
  spec.unsubscribed = unsubscribed_policy::pause;
  spec.limits.retained = std::max(spec.limits.retained, read_at_once);
  // The session must not be released between two reads.
  spec.limits.retention = max_timespan;
  spec.limits.stdin_queue = std::max<std::uint64_t>(spec.limits.stdin_queue,
                                                    input.size());
  session hdl;
  caf::error problem;
  self->request(where, caf::infinite, spawn_atom_v, std::move(spec))
    .receive([&](session& x) { hdl = std::move(x); },
             [&](caf::error& x) { problem = std::move(x); });
  if (problem)
    return problem;
  // Do not wait for the feeder yet: a child may write while it reads.
  auto feeder = self->spawn(feed, hdl, std::move(input));
  auto fed = self->request(feeder, caf::infinite, write_atom_v);
  run_result result;
  cursor at;
  auto state = session_state::running;
  while (state != session_state::closed && !problem)
    self
      ->request(hdl, caf::infinite, read_atom_v, at, read_at_once,
                caf::timespan{max_timespan})
      .receive(
        [&](page& x) {
          for (auto& chunk : x.outputs)
            collect(result, chunk, cap);
          at = x.next;
          // One read may not return all remaining output.
          if (x.outputs.empty())
            state = x.state;
          result.status = x.status;
          result.complete = x.complete;
        },
        [&](caf::error& x) { problem = std::move(x); });
  fed.receive([] {},
              [&](caf::error& x) {
                if (!problem)
                  problem = std::move(x);
              });
  caf::anon_send_exit(hdl, caf::exit_reason::user_shutdown);
  if (problem)
    return problem;
  return result;
}

} // namespace procession
