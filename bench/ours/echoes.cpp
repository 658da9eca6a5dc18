#include "../common/phase.hpp"
#include "follower.hpp"
#include "measured.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace procession::bench {

namespace {

/// The times of single answers, collected from several actors.
struct answer_times {
  std::mutex mutex;
  std::vector<double> all;

  void add(const std::vector<double>& more) {
    std::lock_guard guard{mutex};
    all.insert(all.end(), more.begin(), more.end());
  }
};

/// What the thread that waits wants to know about echoes.
struct echo_result {
  std::vector<double> times;
  std::optional<phase> measured;
};

/// Sends one message after the other to a session that echoes.
class echo_user : public follower {
public:
  static constexpr const char* name = "bench.echo_user";

  using follower::follower;

  caf::behavior make_behavior(spawner where, command what, std::size_t count,
                              std::size_t size, echo_result* result,
                              outcome_ptr to) {
    to_ = to;
    count_ = count;
    message_ = shared_bytes{std::string(size, 'x')};
    result_ = result;
    result_->times.reserve(count);
    open(
      self_, where, std::move(what), [this](const session& x) { other_ = x; },
      failing());
    auto events = strict();
    events.output = [this](const output& x) { take(x); };
    events.closed = [this](const closed&) { fail("the child ended early"); };
    return listening(self_, std::move(events));
  }

private:
  void take(const output& x) {
    missing_ -= std::min(missing_, x.bytes.size());
    if (missing_ > 0)
      return;
    if (result_->measured)
      result_->times.push_back(asked_.seconds());
    if (result_->times.size() == count_) {
      result_->measured->stop();
      to_->done();
      self_->quit();
      return;
    }
    if (warm_up_ == 0 && !result_->measured)
      result_->measured.emplace();
    else if (warm_up_ > 0)
      --warm_up_;
    ask();
  }

  void ask() {
    missing_ = message_.size();
    asked_ = stopwatch{};
    send_input(self_, other_, message_);
  }

  session other_;
  shared_bytes message_;
  std::size_t count_ = 0;
  std::size_t warm_up_ = warm_up_echoes;
  /// Bytes that the child still has to send; first the one that says that it
  /// is ready.
  std::size_t missing_ = 1;
  stopwatch asked_;
  echo_result* result_ = nullptr;
};

/// Has a shell answer one line after the other, once it is told to begin.
class shell_user : public follower {
public:
  static constexpr const char* name = "bench.shell_user";

  using follower::follower;

  caf::behavior make_behavior(spawner where, command what, std::size_t echoes,
                              outcome_ptr ready,
                              std::shared_ptr<answer_times> times,
                              outcome_ptr to) {
    to_ = to;
    echoes_ = echoes;
    ready_ = ready;
    times_ = times;
    own_times_.reserve(echoes);
    open(
      self_, where, std::move(what), [this](const session& x) { shell_ = x; },
      [this](const caf::error& x) { ready_->fail(describe(x)); });
    auto events = strict();
    events.output = [this](const output& x) {
      for (auto c : x.bytes.text())
        if (c == '\n')
          take_line();
    };
    events.closed = [this](const closed&) {
      ready_->fail("a shell ended early");
      fail("a shell ended early");
    };
    return listening(self_, std::move(events)).or_else([this](caf::ok_atom) {
      begun_ = true;
      ask("done-0");
    });
  }

private:
  void take_line() {
    // A shell writes a line before it starts, and answers one after that.
    if (!begun_) {
      if (++lines_ == 2)
        ready_->done();
      else
        ask("ready");
      return;
    }
    own_times_.push_back(asked_.seconds());
    if (own_times_.size() < echoes_)
      return ask("done-" + std::to_string(own_times_.size()));
    times_->add(own_times_);
    to_->done();
  }

  void ask(const std::string& text) {
    asked_ = stopwatch{};
    send_input(self_, shell_, "echo " + text + "\n");
  }

  session shell_;
  outcome_ptr ready_;
  std::shared_ptr<answer_times> times_;
  std::size_t echoes_ = 0;
  bool begun_ = false;
  std::size_t lines_ = 0;
  stopwatch asked_;
  std::vector<double> own_times_;
};

} // namespace

void echo(place& where, arguments& args) {
  auto stdio = stdio_named(args.word());
  stdio.input = stdin_kind::pipe;
  auto size = args.number();
  auto count = args.number();
  auto what = make_command(args.command(), stdio);
  echo_result result;
  auto over = make_outcome();
  launch<echo_user>(where.system(), where.spawner(), what, count, size, &result,
                    over);
  over->wait();
  print_times(std::move(result.times));
  result.measured->print(static_cast<double>(count));
}

void agent(place& where, arguments& args) {
  auto shells = args.number();
  auto echoes = args.number();
  auto what = make_command(args.command(), pty());
  auto times = std::make_shared<answer_times>();
  auto ready = make_outcome(shells);
  auto over = make_outcome(shells);
  std::vector<caf::actor> users;
  while (users.size() < shells)
    users.push_back(launch<shell_user>(where.system(), where.spawner(), what,
                                       echoes, ready, times, over));
  ready->wait();
  phase measured;
  for (auto& x : users)
    caf::anon_send(x, caf::ok_atom_v);
  over->wait();
  measured.stop();
  for (auto& x : users)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  print_times(std::move(times->all));
  measured.print(static_cast<double>(shells * echoes));
}

} // namespace procession::bench
