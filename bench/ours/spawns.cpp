#include "../common/holdings.hpp"
#include "../common/phase.hpp"
#include "follower.hpp"
#include "measured.hpp"

#include "procession/actors/exec_tool.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace procession::bench {

namespace {

/// Runs sessions, some at a time, each until it is closed.
class spawn_loop : public follower {
public:
  static constexpr const char* name = "bench.spawn_loop";

  using follower::follower;

  caf::behavior make_behavior(spawner where, command what, std::uint64_t count,
                              std::uint64_t at_once, outcome_ptr to) {
    to_ = to;
    where_ = std::move(where);
    what_ = std::move(what);
    to_start_ = count;
    to_end_ = count;
    for (auto i = std::min(count, at_once); i > 0; --i)
      start();
    auto events = strict();
    events.closed = [this](const closed& x) {
      if (!expect_complete(x))
        return;
      if (to_start_ > 0)
        start();
      if (--to_end_ > 0)
        return;
      to_->done();
      self_->quit();
    };
    return listening(self_, std::move(events));
  }

private:
  void start() {
    --to_start_;
    open(self_, where_, what_, [](const session&) {}, failing());
  }

  spawner where_;
  command what_;
  std::uint64_t to_start_ = 0;
  std::uint64_t to_end_ = 0;
};

/// Runs commands over an exec tool, one after the other.
class exec_loop : public follower {
public:
  static constexpr const char* name = "bench.exec_loop";

  using follower::follower;

  caf::behavior make_behavior(exec_tool tool, std::vector<std::string> argv,
                              std::uint64_t count, outcome_ptr to) {
    to_ = to;
    tool_ = std::move(tool);
    request_.argv = std::move(argv);
    left_ = count;
    next();
    return {[](caf::ok_atom) {}};
  }

private:
  void next() {
    self_->request(tool_, caf::infinite, exec_atom_v, request_)
      .then([this](const exec_result& x) { take(x); }, failing());
  }

  void take(const exec_result& x) {
    if (x.state != session_state::closed || !x.complete || !success(x.status))
      return fail(status_line(x));
    if (--left_ > 0)
      return next();
    to_->done();
    self_->quit();
  }

  exec_tool tool_;
  exec_request request_;
  std::uint64_t left_ = 0;
};

void run_in_loop(place& where, const command& what, std::uint64_t count,
                 std::uint64_t at_once) {
  auto over = make_outcome();
  launch<spawn_loop>(where.system(), where.spawner(), what, count, at_once,
                     over);
  over->wait();
}

void run_over_tool(place& where, const exec_tool& tool,
                   const std::vector<std::string>& argv, std::uint64_t count) {
  auto over = make_outcome();
  launch<exec_loop>(where.system(), tool, argv, count, over);
  over->wait();
}

} // namespace

void spawn(place& where, arguments& args) {
  auto at_once = args.number();
  auto live = args.number();
  std::vector<char> ballast(args.number() << 20, 'x');
  auto count = args.number();
  auto no_input = pipes(stdin_kind::null);
  auto what = make_command(args.command(), no_input);
  for (auto i = live; i > 0; --i)
    where.start(make_command({"/bin/sleep", "infinity"}, no_input));
  run_in_loop(where, what, 1, 1);
  phase measured;
  run_in_loop(where, what, count, at_once);
  measured.stop();
  print_rate(measured, count);
}

void exec(place& where, arguments& args) {
  auto count = args.number();
  auto argv = args.command();
  auto tool = make_exec_tool(where.system(), where.spawner());
  run_over_tool(where, tool, argv, 1);
  phase measured;
  run_over_tool(where, tool, argv, count);
  measured.stop();
  print_rate(measured, count);
}

void idle(place& where, arguments& args) {
  auto count = args.number();
  auto what = make_command(args.command(), pipes());
  std::vector<session> sessions;
  sessions.reserve(count + 1);
  sessions.push_back(where.start(what));
  holdings cost;
  phase measured;
  for (auto i = count; i > 0; --i)
    sessions.push_back(where.start(what));
  measured.stop();
  cost.print(count);
  measured.print(static_cast<double>(count));
}

} // namespace procession::bench
