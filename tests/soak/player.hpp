#pragma once

#include "story.hpp"

#include "procession/messages/session.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

PROCESSION_BEGIN_LOCAL(soak_player, 3310)
  /// To its owner, and to itself.
  CAF_ADD_ATOM(soak_player, procession::soak, start_atom, "start")
  CAF_ADD_ATOM(soak_player, procession::soak, step_atom, "step")
  CAF_ADD_ATOM(soak_player, procession::soak, watch_atom, "watch")
PROCESSION_END_LOCAL(soak_player)

namespace procession::soak {

struct player_args {
  std::shared_ptr<story> tale;
  std::shared_ptr<venue> where;
  /// Called on its thread when the session and all its players are over.
  std::function<void()> over;
};

/// Plays one session by its plan: starts it, lets its watchers in, feeds it,
/// takes the planned steps, and judges its end once all requests are answered.
class player {
public:
  static constexpr const char* name = "soak.player";

  using pointer = caf::stateful_actor<player>*;

  explicit player(pointer self) : self_(self), chance_(0) {
    // nop
  }

  caf::behavior make_behavior(player_args args);

private:
  // The beginning.
  void start();
  void started(session x);
  void not_started(const caf::error& why);
  void begin_play();
  void let_in(std::size_t number);

  // Standard input.
  void feed();
  void write_some(std::uint64_t size);
  void write_too_much();

  // The steps.
  void take(const step& x);
  void look_up();
  void read();
  void check(const page& x, cursor from, std::uint64_t most);
  void stop(const step& x);

  // The end.
  void explain();
  void on_closed(const session_info& x);
  void finish_if_over();
  void judge();
  void judge_natural_end(const exit_status& status);

  /// Sends a request to the session; `f` gets the answer, or no argument with
  /// `void`. An error is a finding unless the session may have ended meanwhile.
  template <class Result, class F, class... Ts>
  void ask(const char* what, F f, Ts&&... xs);
  void refused(const char* what, const caf::error& why);

  const plan& what() const {
    return args_.tale->what();
  }

  story& tale() {
    return *args_.tale;
  }

  pointer self_;
  player_args args_;
  dice chance_;
  session session_;
  caf::actor owner_;
  std::vector<caf::actor> watchers_;
  std::size_t watchers_over_ = 0;
  bool playing_ = false;
  bool over_ = false;
  /// Requests that are not answered yet.
  std::size_t unanswered_ = 0;
  bool closed_ = false;
  session_info last_;
  bool knows_end_ = false;
  bool judged_ = false;
  cursor read_to_;
  std::uint64_t written_ = 0;
  std::uint64_t queued_ = 0;
  /// The size of the next write; 0 if not chosen yet.
  std::uint64_t next_size_ = 0;
  bool closed_stdin_ = false;
  /// Why a write that fits was refused; empty if none was.
  std::string write_error_;
};

template <class Result, class F, class... Ts>
void player::ask(const char* name, F f, Ts&&... xs) {
  ++unanswered_;
  auto bad = [this, name](const caf::error& x) {
    --unanswered_;
    refused(name, x);
    finish_if_over();
  };
  auto response = self_->request(session_, caf::infinite,
                                 std::forward<Ts>(xs)...);
  if constexpr (std::is_void_v<Result>)
    response.then(
      [this, f]() mutable {
        --unanswered_;
        f();
        finish_if_over();
      },
      bad);
  else
    response.then(
      [this, f](const Result& x) mutable {
        --unanswered_;
        f(x);
        finish_if_over();
      },
      bad);
}

caf::behavior player_behavior(player::pointer self, player_args args);

} // namespace procession::soak
