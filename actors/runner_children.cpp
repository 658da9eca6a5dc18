#include "procession/actors/runner_link.hpp"

#include <utility>

namespace procession {

namespace {

/// The actors' end of a session in a runner: every call is work for the link.
class remote_child : public child {
public:
  explicit remote_child(std::shared_ptr<runner_link> link)
    : link_(std::move(link)), session_(std::make_shared<remote_session>()) {
    // nop
  }

  ~remote_child() override {
    if (!session_->gone)
      call([](runner_link& x, remote_session& to) { x.abandon(to); });
  }

  void start(command spec, std::uint64_t credit, child_sink sink) override {
    link_->work().post([link = link_, session = session_,
                        spec = std::move(spec), credit,
                        sink = std::move(sink)]() mutable {
      link->start_session(session, std::move(spec), credit, std::move(sink));
    });
  }

  void grant(std::uint64_t bytes) override {
    call([=](runner_link& x, remote_session& to) { x.grant(to, bytes); });
  }

  void write(shared_bytes bytes) override {
    call([bytes = std::move(bytes)](runner_link& x, remote_session& to) {
      x.write(to, bytes);
    });
  }

  void close_stdin() override {
    call([](runner_link& x, remote_session& to) { x.close_stdin(to); });
  }

  void resize(std::uint64_t request, terminal_size size) override {
    call(
      [=](runner_link& x, remote_session& to) { x.resize(to, request, size); });
  }

  void signal(std::uint64_t request, signal_name name) override {
    call(
      [=](runner_link& x, remote_session& to) { x.signal(to, request, name); });
  }

  void terminate(signal_name by) override {
    call([=](runner_link& x, remote_session& to) { x.terminate(to, by); });
  }

  void kill() override {
    call([](runner_link& x, remote_session& to) { x.kill(to); });
  }

  void finish() override {
    call([](runner_link& x, remote_session& to) { x.finish(to); });
  }

private:
  template <class F>
  void call(F f) {
    link_->work().post([link = link_, session = session_, f = std::move(f)] {
      f(*link, *session);
    });
  }

  std::shared_ptr<runner_link> link_;
  runner_link::session_ptr session_;
};

class remote_factory : public child_factory {
public:
  explicit remote_factory(std::shared_ptr<runner_link> link)
    : link_(std::move(link)) {
    // nop
  }

  std::unique_ptr<child> make_child() override {
    return std::make_unique<remote_child>(link_);
  }

private:
  std::shared_ptr<runner_link> link_;
};

} // namespace

std::shared_ptr<child_factory>
make_children(std::shared_ptr<runner_link> link) {
  return std::make_shared<remote_factory>(std::move(link));
}

} // namespace procession
