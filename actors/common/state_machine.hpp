#pragma once

#include "procession/messages/caf.hpp"

#include <caf/spawn_options.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <utility>

namespace procession {

/// The base of an actor's state. The actor has the interface `Impl`; its state
/// is a class that holds everything the actor knows, and its `make_behavior`
/// sets the actor up.
/// @tparam Machine the class that derives from this.
template <class Impl, class Machine>
class state_machine {
public:
  using pointer = typename Impl::template stateful_pointer<Machine>;

  explicit state_machine(pointer self) : self_(self) {
    // nop
  }

  state_machine(const state_machine&) = delete;
  state_machine& operator=(const state_machine&) = delete;

  /// Called at the end of the actor; see `stateful_impl`.
  void on_exit() {
    // nop
  }

  /// Creates the actor.
  /// @param where an actor system, or the actor that creates it.
  /// @param xs the arguments of `make_behavior`.
  template <caf::spawn_options Options = caf::no_spawn_options, class Where,
            class... Ts>
  static Impl spawn_in(Where& where, Ts... xs) {
    auto behavior = [](stateful_impl<Impl, Machine>* self, Ts... ys) {
      return state_of(self).make_behavior(std::move(ys)...);
    };
    return where.template spawn<Options>(behavior, std::move(xs)...);
  }

protected:
  ~state_machine() = default;

  pointer self_;
};

} // namespace procession
