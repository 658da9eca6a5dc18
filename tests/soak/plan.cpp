#include "plan.hpp"

#include <algorithm>
#include <csignal>

namespace procession::soak {

namespace {

command base_command(const plan& x, const plan_terms& terms) {
  command result;
  result.program = terms.program;
  result.argv0 = "soak-child";
  result.id = "n" + std::to_string(x.number);
  return result;
}

void plan_program(plan& x, dice& chance) {
  auto& told = x.told;
  auto terminal = chance.one_in(4);
  auto largest = terminal ? mib : 4 * mib;
  told.terminal = terminal;
  auto one_stream = terminal || chance.one_in(4);
  x.spec.stdio = terminal ? pty() : one_stream ? merged() : pipes();
  told.out = chance.one_in(8) ? 0 : chance.any_size(largest);
  if (!one_stream && !chance.one_in(4))
    told.err = chance.any_size(largest);
  switch (chance.below(4)) {
    case 0:
      told.use = input_use::check;
      break;
    case 1:
      told.use = input_use::echo;
      told.out = 0;
      break;
    default:
      if (!terminal && chance.one_in(2))
        x.spec.stdio.input = stdin_kind::null;
      break;
  }
  if (told.use != input_use::ignore) {
    told.in = chance.any_size(2 * mib);
    told.input_ends = !terminal;
    // Early input would be echoed, before the terminal is raw.
    if (terminal)
      told.notify = x.spec.notification_fd = static_cast<int>(
        chance.between(3, 20));
  }
  told.pause = chance.one_in(2)
                 ? static_cast<unsigned>(chance.any_size(100'000))
                 : 0;
  for (auto n = chance.one_in(2) ? chance.between(1, 4) : 0; n > 0; --n)
    told.tree.push_back(static_cast<descendant>(
      chance.below(static_cast<std::uint64_t>(last_descendant) + 1)));
  told.tree_holds = chance.one_in(2);
}

void plan_end(plan& x, dice& chance) {
  constexpr int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGUSR1};
  auto& told = x.told;
  auto& spec = x.spec;
  spec.kill.grace = chance.any_time(800);
  spec.kill.leftovers_grace = chance.any_time(300);
  // Long enough to read the program's output under any load.
  spec.kill.drain_timeout = milliseconds{chance.between(800, 2000)};
  switch (chance.below(6)) {
    case 0:
      told.end = ending::signal;
      told.value = signals[chance.below(5)];
      break;
    case 1:
    case 2:
      told.end = ending::none;
      told.stubborn = chance.one_in(4);
      break;
    default:
      told.value = static_cast<int>(chance.below(50));
      break;
  }
  if (chance.one_in(told.end == ending::none ? 4 : 16)) {
    spec.limits.timeout = milliseconds{chance.between(50, 2000)};
    x.times_out = true;
  }
  // A program that does not end by itself is ended, unless something else ends
  // it before.
  if (told.end == ending::none && !x.times_out) {
    step last;
    last.after = milliseconds{chance.between(50, 2500)};
    constexpr step::kind kinds[] = {step::kind::terminate, step::kind::kill,
                                    step::kind::owner_dies};
    last.what = kinds[chance.below(3)];
    last.grace = chance.any_time(500);
    x.steps.push_back(last);
  }
  spec.owner = ownership::spawner;
  if (chance.one_in(2)
      || std::any_of(x.steps.begin(), x.steps.end(), [](const step& y) {
           return y.what == step::kind::owner_dies;
         }))
    spec.owner = ownership::sender;
}

/// Returns whether a descendant creates a session of its own. If it does so at
/// the moment when its group is stopped, it stops outside of the group, and a
/// continue of the group does not reach it.
bool group_is_left(const orders& told) {
  return std::any_of(told.tree.begin(), told.tree.end(), [](descendant x) {
    return x == descendant::apart || x == descendant::daemon
           || x == descendant::threaded || x == descendant::hidden;
  });
}

void plan_steps(plan& x, dice& chance) {
  for (auto n = chance.below(6); n > 0; --n) {
    step y;
    y.after = milliseconds{chance.any_size(1200)};
    // Most sessions should come to their own end.
    auto gentle = !chance.one_in(12);
    y.what = static_cast<step::kind>(
      gentle ? chance.below(static_cast<std::uint64_t>(step::kind::resume))
             : chance.between(static_cast<std::uint64_t>(step::kind::signal),
                              static_cast<std::uint64_t>(step::kind::kill)));
    constexpr signal_name names[] = {signal_name::interrupt,
                                     signal_name::hangup, signal_name::quit,
                                     signal_name::terminate, signal_name::kill};
    y.name = names[chance.below(5)];
    y.grace = chance.any_time(500);
    if (y.what == step::kind::stop_for_a_while && group_is_left(x.told))
      y.what = step::kind::info;
    if (y.what == step::kind::stop_for_a_while) {
      auto z = y;
      z.what = step::kind::resume;
      // After the stop, or the program would stay stopped.
      z.after += milliseconds{1} + chance.any_time(300);
      x.steps.push_back(z);
    }
    x.steps.push_back(y);
  }
  x.spec.report_stops = chance.one_in(8);
}

watcher_plan any_watcher(const plan& x, dice& chance) {
  watcher_plan result;
  result.seed = chance.seed();
  auto total = std::max(x.total(stream_kind::out), x.total(stream_kind::err));
  // Small windows too, but none that would take for ever.
  auto least = std::max<std::uint64_t>(1, total / 100);
  result.terms.window = least + chance.any_size(mib);
  if (chance.one_in(3))
    result.terms.mode = delivery::lossy;
  if (chance.one_in(3))
    result.slowness = chance.any_time(30);
  if (chance.one_in(2)) {
    result.after = milliseconds{chance.any_size(800)};
    result.late = true;
  }
  if (chance.one_in(4)) {
    result.leaves = chance.one_in(2) ? watcher_plan::leaving::unsubscribes
                                     : watcher_plan::leaving::dies;
    result.patience = chance.any_size(std::max<std::uint64_t>(total, 2));
  }
  return result;
}

void plan_watchers(plan& x, dice& chance) {
  constexpr std::uint64_t retained[] = {4 * kib, 64 * kib, mib};
  x.spec.limits.retained = retained[chance.below(3)];
  constexpr std::uint64_t queues[] = {64 * kib, mib};
  x.spec.limits.stdin_queue = queues[chance.below(2)];
  constexpr milliseconds retentions[] = {milliseconds{0}, milliseconds{100},
                                         milliseconds{30'000}};
  x.spec.limits.retention = retentions[chance.below(3)];
  // The first watcher takes everything; without it the program might wait.
  if (chance.one_in(2)) {
    x.spec.unsubscribed = unsubscribed_policy::pause;
    auto first = any_watcher(x, chance);
    first.terms.mode = delivery::lossless;
    first.after = milliseconds{0};
    first.late = false;
    first.leaves = watcher_plan::leaving::never;
    x.watchers.push_back(first);
  }
  for (auto n = chance.between(x.watchers.empty() ? 0 : 1, 7); n > 0; --n)
    if (x.watchers.size() < 3 || chance.one_in(4))
      x.watchers.push_back(any_watcher(x, chance));
}

void give_orders(plan& x, const plan_terms& terms, dice& chance) {
  auto& told = x.told;
  told.report = terms.report;
  told.number = x.number;
  told.seed = chance.seed();
  told.out_seed = chance.seed();
  told.err_seed = chance.seed();
  told.in_seed = chance.seed();
  x.spec.args = to_words(told);
}

} // namespace

std::uint64_t dice::below(std::uint64_t n) {
  auto high = std::uint64_t{engine_()} << 32;
  return (high | engine_()) % n;
}

std::uint64_t dice::any_size(std::uint64_t n) {
  auto bits = 0;
  while (bits < 62 && std::uint64_t{1} << bits < n)
    ++bits;
  auto bound = std::uint64_t{1} << between(0, static_cast<std::uint64_t>(bits));
  return below(std::min(bound, n));
}

std::uint64_t plan::total(stream_kind stream) const noexcept {
  if (stream == stream_kind::err)
    return told.err;
  return told.use == input_use::echo ? told.in : told.out;
}

plan make_plan(std::uint64_t number, std::uint32_t seed,
               const plan_terms& terms) {
  plan x;
  x.number = number;
  x.seed = seed;
  x.spec = base_command(x, terms);
  dice chance{seed};
  plan_program(x, chance);
  plan_end(x, chance);
  plan_steps(x, chance);
  plan_watchers(x, chance);
  give_orders(x, terms, chance);
  return x;
}

plan make_terminal_plan(std::uint64_t number, std::uint32_t seed,
                        const plan_terms& terms) {
  plan x;
  x.number = number;
  x.seed = seed;
  x.spec = base_command(x, terms);
  dice chance{seed};
  x.spec.stdio = pty();
  x.spec.unsubscribed = unsubscribed_policy::pause;
  x.spec.owner = ownership::spawner;
  x.told.terminal = true;
  x.told.out = chance.any_size(128 * kib);
  x.told.value = static_cast<int>(chance.below(50));
  watcher_plan first;
  first.seed = chance.seed();
  x.watchers.push_back(first);
  give_orders(x, terms, chance);
  return x;
}

std::string to_string(const plan& x) {
  auto in_ms = [](caf::timespan y) {
    return std::to_string(y.count() / 1'000'000) + " ms";
  };
  auto& spec = x.spec;
  return "plan seed " + std::to_string(x.seed) + ", " + to_string(spec) + ", "
         + to_string(spec.stdio) + ", retained "
         + std::to_string(spec.limits.retained) + ", retention "
         + in_ms(spec.limits.retention) + ", grace " + in_ms(spec.kill.grace)
         + ", leftovers " + in_ms(spec.kill.leftovers_grace) + ", time-out "
         + in_ms(spec.limits.timeout) + ", unsubscribed_policy "
         + to_string(spec.unsubscribed) + ", owner " + to_string(spec.owner);
}

} // namespace procession::soak
