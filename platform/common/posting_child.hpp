#pragma once

#include "procession/platform/child.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace procession {

/// A child that lives on another thread, as a `Target`, which has the functions
/// of `child`: every call except `start` is posted there.
template <class Target>
class posting_child : public child {
public:
  void grant(std::uint64_t bytes) override {
    post([bytes](Target& x) { x.grant(bytes); });
  }

  void write(shared_bytes bytes) override {
    post([bytes = std::move(bytes)](Target& x) { x.write(bytes); });
  }

  void close_stdin() override {
    post([](Target& x) { x.close_stdin(); });
  }

  void resize(std::uint64_t request, terminal_size size) override {
    post([=](Target& x) { x.resize(request, size); });
  }

  void signal(std::uint64_t request, signal_name name) override {
    post([=](Target& x) { x.signal(request, name); });
  }

  void terminate(signal_name by) override {
    post([by](Target& x) { x.terminate(by); });
  }

  void kill() override {
    post([](Target& x) { x.kill(); });
  }

  void finish() override {
    post([](Target& x) { x.finish(); });
  }

protected:
  /// Calls `f` with the target, on its thread.
  virtual void post(std::function<void(Target&)> f) = 0;
};

/// Makes children by a function.
class child_maker : public child_factory {
public:
  explicit child_maker(std::function<std::unique_ptr<child>()> make)
    : make_(std::move(make)) {
    // nop
  }

  std::unique_ptr<child> make_child() override {
    return make_();
  }

private:
  std::function<std::unique_ptr<child>()> make_;
};

} // namespace procession
