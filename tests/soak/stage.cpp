#include "stage.hpp"

#include "player.hpp"
#include "watcher.hpp"

#include <caf/send.hpp>

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

namespace procession::soak {

namespace {

namespace fs = std::filesystem;

using clock = ledger::clock;

/// Many times longer than any request takes here: an answer that has not come
/// by then will never come.
constexpr auto patience = std::chrono::seconds{60};

/// The time that the library may take to start another keeper.
constexpr auto keeper_patience = std::chrono::seconds{10};

/// The time that unfinished sessions have to tell what they wait for.
constexpr auto explanation = std::chrono::seconds{6};

/// Numbers the sessions of all stages of this process.
std::atomic<std::uint64_t> last_session{0};

} // namespace

stage::stage(ledger& log, const settings& terms, census& processes,
             containment_kind kind, std::uint32_t seed)
  : log_(log), terms_(terms), processes_(processes), chance_(seed),
    plan_terms_{terms.program, processes.report()}, runtime_({kind}),
    system_(config_, runtime_), self_(system_) {
  if (terms_.local)
    for (auto i = 0; i < 2; ++i)
      places_.push_back(open_place(false));
  if (terms_.runners)
    places_.push_back(open_place(true));
}

stage::~stage() {
  finish();
}

stage::place stage::open_place(bool far) {
  place result;
  result.where = std::make_shared<venue>();
  result.where->far = far;
  auto& name = result.where->name;
  name = "spawner " + std::to_string(++last_place_) + " ("
         + to_string(runtime_.containment());
  if (far) {
    runner_options options;
    // The soak itself replaces a killed runner.
    options.restart = false;
    if (chance_.one_in(2))
      options.user = terms_.runner_user;
    result.runner = start_runner(system_, runtime_, options);
    result.where->handle(make_spawner(system_, *result.runner));
    name += ", runner " + options.user;
  } else {
    result.where->handle(make_spawner(system_, runtime_));
  }
  name += ")";
  return result;
}

std::size_t stage::live() {
  std::lock_guard guard{mutex_};
  return plays_.size();
}

void stage::populate(std::size_t count, plan_maker make) {
  for (auto n = live(); n < count; ++n) {
    auto number = ++last_session;
    auto& where = places_[chance_.below(places_.size())].where;
    auto tale = std::make_shared<story>(
      log_, make(number, chance_.seed(), plan_terms_), where);
    {
      std::lock_guard guard{mutex_};
      plays_[number].tale = tale;
    }
    auto over = [this, number] {
      std::lock_guard guard{mutex_};
      plays_.erase(number);
      changed_.notify_all();
    };
    auto player = system_.spawn(player_behavior,
                                player_args{tale, where, std::move(over)});
    std::lock_guard guard{mutex_};
    if (auto i = plays_.find(number); i != plays_.end())
      i->second.player = std::move(player);
  }
}

void stage::await_change(milliseconds time) {
  {
    std::unique_lock guard{mutex_};
    changed_.wait_for(guard, time);
  }
  wake_runners(false);
  check_keeper();
}

void stage::make_mischief(bool with_keeper) {
  switch (chance_.below(8)) {
    case 0:
    case 1:
      if (with_keeper)
        kill_keeper();
      break;
    case 2:
      kill_runner();
      break;
    case 3:
    case 4:
      stop_runner();
      break;
    default:
      // Replacing a runner's place costs a start of a runner, so it is rare.
      auto& x = places_[chance_.below(places_.size())];
      if (x.where->far && !chance_.one_in(3))
        break;
      replace(x, static_cast<retirement>(chance_.below(4)));
      break;
  }
}

// -- spawners -----------------------------------------------------------------

void stage::replace(place& x, retirement how) {
  auto old = std::exchange(x, open_place(x.where->far));
  retire(old, how);
  if (how == retirement::last_of_all)
    fading_.push_back(std::move(old));
}

void stage::retire(place& x, retirement how) {
  if (how == retirement::last_of_all)
    return;
  // A stopped runner would answer a request only when it is lost.
  wake_runners(true);
  x.where->ending = true;
  ++log_.counts.spawners;
  if (how == retirement::terminates)
    terminate_all(x);
  if (how == retirement::exits)
    caf::anon_send_exit(x.where->handle(), caf::exit_reason::user_shutdown);
  x.where->handle({});
  x.runner.reset();
}

void stage::terminate_all(place& x) {
  auto to = x.where->handle();
  auto asked = caf::make_timestamp();
  auto good = [&] {
    self_->request(to, patience, list_atom_v)
      .receive(
        [&](const session_list& all) {
          for (auto& y : all)
            if (y.state != session_state::closed && y.started < asked)
              log_.finding("a spawner has ended its sessions, but this one is "
                           "not closed: "
                           + to_string(y));
        },
        [&](const caf::error& why) {
          log_.finding("a spawner does not list its sessions: "
                       + describe(why));
        });
  };
  auto bad = [&](const caf::error& why) {
    log_.finding("a spawner does not end its sessions: " + describe(why));
  };
  if (chance_.one_in(2))
    self_->request(to, patience, terminate_atom_v).receive(good, bad);
  else
    self_
      ->request(to, patience, terminate_atom_v,
                caf::timespan{chance_.any_time(500)})
      .receive(good, bad);
}

// -- the keeper ---------------------------------------------------------------

void stage::kill_keeper() {
  auto keepers = children_named(::getpid(), "procession-keeper");
  if (keepers.empty() || lost_keeper_)
    return;
  if (keepers.size() > 1)
    log_.finding("there are " + std::to_string(keepers.size()) + " keepers");
  processes_.condemn(keepers.front(), false);
  ::kill(keepers.front(), SIGKILL);
  ++log_.counts.keeper_kills;
  lost_keeper_ = keepers.front();
  keeper_due_ = clock::now() + keeper_patience;
}

void stage::check_keeper() {
  if (!lost_keeper_)
    return;
  for (auto pid : children_named(::getpid(), "procession-keeper"))
    if (pid != *lost_keeper_)
      return lost_keeper_.reset();
  if (clock::now() > keeper_due_) {
    log_.finding("no other keeper has been started for the one that was "
                 "killed");
    lost_keeper_.reset();
  }
}

// -- runners ------------------------------------------------------------------

stage::place* stage::far_place() {
  auto i = std::find_if(places_.begin(), places_.end(),
                        [](const place& x) { return x.where->far; });
  return i == places_.end() ? nullptr : &*i;
}

std::optional<pid_t> stage::pid_of(const place& x) {
  std::optional<pid_t> result;
  self_->request(x.runner->actor(), patience, info_atom_v)
    .receive(
      [&](const runner_info& info) {
        if (info.state == runner_state::up)
          result = static_cast<pid_t>(info.pid);
        else if (info.state >= runner_state::ending)
          log_.finding("a runner is lost that was not killed: "
                       + to_string(info));
      },
      [&](const caf::error& why) {
        log_.finding("a runner does not answer: " + describe(why));
      });
  return result;
}

void stage::kill_runner() {
  auto x = far_place();
  if (x == nullptr)
    return;
  auto pid = pid_of(*x);
  if (!pid)
    return;
  x->where->lost = true;
  processes_.condemn(*pid, true);
  ::kill(*pid, SIGKILL);
  std::erase_if(stopped_, [&](auto& y) { return y.second == *pid; });
  ++log_.counts.runner_kills;
  // Its sessions end as lost.
  replace(*x, retirement::last_of_all);
}

void stage::stop_runner() {
  auto x = far_place();
  if (x == nullptr || !stopped_.empty())
    return;
  auto pid = pid_of(*x);
  if (!pid)
    return;
  ::kill(*pid, SIGSTOP);
  ++log_.counts.runner_stops;
  stopped_.emplace(clock::now() + chance_.any_time(1500), *pid);
}

void stage::wake_runners(bool all) {
  while (!stopped_.empty()
         && (all || stopped_.begin()->first <= clock::now())) {
    ::kill(stopped_.begin()->second, SIGCONT);
    stopped_.erase(stopped_.begin());
  }
}

// -- the end ------------------------------------------------------------------

void stage::report(const std::map<std::uint64_t, play>& left) {
  for (auto& [number, x] : left) {
    for (auto& line : processes_with(" number=" + std::to_string(number) + " "))
      x.tale->note(line);
    // The answer comes through the story, unless the actors hang.
    caf::anon_send(x.player, explain_atom_v);
  }
  std::this_thread::sleep_for(explanation);
  for (auto& line : threads_and_children())
    left.begin()->second.tale->note(line);
  for (auto& [number, x] : left)
    x.tale->finding("is not over");
}

void stage::finish() {
  wake_runners(true);
  for (auto& x : std::exchange(places_, {})) {
    auto how = static_cast<retirement>(chance_.below(4));
    retire(x, how);
    if (how == retirement::last_of_all)
      fading_.push_back(std::move(x));
  }
  auto deadline = clock::now() + patience;
  {
    std::unique_lock guard{mutex_};
    changed_.wait_until(guard, deadline, [&] { return plays_.empty(); });
  }
  std::map<std::uint64_t, play> left;
  {
    std::lock_guard guard{mutex_};
    left = plays_;
  }
  // The players would never be answered, and the system would wait for them.
  if (!left.empty()) {
    report(left);
    processes_.kill_all();
    fs::remove_all(terms_.directory);
    std::_Exit(1);
  }
  for (auto& x : fading_)
    x.where->handle({});
  fading_.clear();
}

} // namespace procession::soak
