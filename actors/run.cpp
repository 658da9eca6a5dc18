#include "procession/actors/run.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace procession {

namespace {

constexpr std::uint64_t read_size = 1024 * 1024;

/// Appends what fits under the cap, counts the rest.
void collect(run_result& result, const output& x, std::uint64_t cap) {
  auto& text = x.stream == stream_kind::out ? result.out : result.err;
  auto room = cap - std::min<std::uint64_t>(cap, text.size());
  auto kept = x.bytes.first(room);
  text.append(kept.text());
  result.omitted[x.stream] += x.bytes.size() - kept.size();
}

} // namespace

caf::expected<run_result> run(caf::scoped_actor& self, const spawner& where,
                              command spec, shared_bytes input,
                              std::uint64_t cap) {
  // Reading by cursor while the session pauses for us: nothing is lost, and no
  // event of ours mixes with what else the caller receives.
  spec.when_unobserved = unobserved::pause;
  spec.limits.retained = std::max(spec.limits.retained, read_size);
  // It must not go between two reads of ours.
  spec.limits.retention = max_timespan;
  spec.limits.stdin_queue = std::max<std::uint64_t>(spec.limits.stdin_queue,
                                                    input.size());
  auto takes_input = spec.stdio.kind != stdio_kind::pipes_no_stdin;
  session hdl;
  caf::error problem;
  self->request(where, caf::infinite, spawn_atom_v, std::move(spec))
    .receive([&](session& x) { hdl = std::move(x); },
             [&](caf::error& x) { problem = std::move(x); });
  if (problem)
    return problem;
  // Without waiting for it: a child may end before it has read everything.
  if (takes_input) {
    caf::anon_send(hdl, write_atom_v, std::move(input));
    caf::anon_send(hdl, close_stdin_atom_v);
  }
  run_result result;
  cursor at;
  auto state = session_state::running;
  while (state != session_state::closed && !problem)
    self
      ->request(hdl, caf::infinite, read_atom_v, at, read_size,
                caf::timespan{max_timespan})
      .receive(
        [&](page& x) {
          for (auto& chunk : x.outputs)
            collect(result, chunk, cap);
          at = x.next;
          // More may be left than one read takes.
          if (x.outputs.empty())
            state = x.state;
          result.status = x.status;
          result.complete = x.complete;
        },
        [&](caf::error& x) { problem = std::move(x); });
  caf::anon_send_exit(hdl, caf::exit_reason::user_shutdown);
  if (problem)
    return problem;
  return result;
}

} // namespace procession
