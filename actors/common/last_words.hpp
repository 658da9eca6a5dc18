#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace procession {

/// What an actor has to say at its end, however it comes to that, before those
/// who monitor it are told. CAF 0.17 destroys the state of an actor before it
/// tells them, CAF 1 after that; the behavior goes first in both. So one of its
/// handlers holds `for_behavior()`.
class last_words {
public:
  explicit last_words(std::function<void()> say)
    : say_(std::make_shared<std::function<void()>>(std::move(say))) {
    // nop
  }

  last_words(const last_words&) = delete;
  last_words& operator=(const last_words&) = delete;

  /// Says them if there was no behavior to do so. To be the last member of the
  /// state: what it speaks of goes after it.
  ~last_words() {
    speak();
  }

  /// Says them unless that was done.
  void speak() {
    say_once(*say_);
  }

  /// Says them when the last copy of it is gone.
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
