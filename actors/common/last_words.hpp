#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace procession {

/// A function that is called at the end of an actor, for any reason, before the
/// actor's monitors are told. CAF 0.17 destroys the state of an actor before it
/// tells the monitors, CAF 1 after that; both destroy the behavior first. So
/// one of the actor's handlers must hold `for_behavior()`.
class last_words {
public:
  explicit last_words(std::function<void()> say)
    : say_(std::make_shared<std::function<void()>>(std::move(say))) {
    // nop
  }

  last_words(const last_words&) = delete;
  last_words& operator=(const last_words&) = delete;

  /// Calls the function if no behavior has done so. This must be the last
  /// member of the state, so that the members that the function uses are
  /// destroyed later.
  ~last_words() {
    speak();
  }

  /// Calls the function, unless that was done before.
  void speak() {
    say_once(*say_);
  }

  /// Returns an object that calls the function when its last copy is gone.
  std::shared_ptr<void> for_behavior() const {
    return {say_.get(), [say = say_](void*) { say_once(*say); }};
  }

private:
  static void say_once(std::function<void()>& say) {
    if (auto once = std::exchange(say, nullptr))
      once();
  }

  std::shared_ptr<std::function<void()>> say_;
};

} // namespace procession
