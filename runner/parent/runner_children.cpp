#include "procession/runner/parent/runner_connection.hpp"

#include <utility>

namespace procession {

namespace {

using link_chooser = std::function<std::shared_ptr<runner_connection>()>;

/// The actors' end of a session in a runner: every call is work for the link.
class remote_child : public child {
public:
  remote_child(std::shared_ptr<executor> work, link_chooser choose)
    : work_(std::move(work)), choose_(std::move(choose)) {
    // nop
  }

  ~remote_child() override {
    if (!at_->session->gone)
      call([](runner_connection& x, remote_session& to) { x.abandon(to); });
  }

  void start(command spec, std::uint64_t credit, child_sink sink) override {
    work_->post([at = at_, choose = std::move(choose_), spec = std::move(spec),
                 credit, sink = std::move(sink)]() mutable {
      at->link = choose();
      at->link->start_session(at->session, std::move(spec), credit,
                              std::move(sink));
    });
  }

  void grant(std::uint64_t bytes) override {
    call([=](runner_connection& x, remote_session& to) { x.grant(to, bytes); });
  }

  void write(shared_bytes bytes) override {
    call([bytes = std::move(bytes)](runner_connection& x, remote_session& to) {
      x.write(to, bytes);
    });
  }

  void close_stdin() override {
    call([](runner_connection& x, remote_session& to) { x.close_stdin(to); });
  }

  void resize(std::uint64_t request, terminal_size size) override {
    call([=](runner_connection& x, remote_session& to) {
      x.resize(to, request, size);
    });
  }

  void signal(std::uint64_t request, signal_name name) override {
    call([=](runner_connection& x, remote_session& to) {
      x.signal(to, request, name);
    });
  }

  void terminate(signal_name by) override {
    call(
      [=](runner_connection& x, remote_session& to) { x.terminate(to, by); });
  }

  void kill() override {
    call([](runner_connection& x, remote_session& to) { x.kill(to); });
  }

  void finish() override {
    call([](runner_connection& x, remote_session& to) { x.finish(to); });
  }

private:
  template <class F>
  void call(F f) {
    work_->post([at = at_, f = std::move(f)] {
      // One that never was started is nowhere.
      if (at->link != nullptr)
        f(*at->link, *at->session);
    });
  }

  struct place {
    /// Null before the start.
    std::shared_ptr<runner_connection> link;
    runner_connection::session_ptr session = std::make_shared<remote_session>();
  };

  std::shared_ptr<executor> work_;
  link_chooser choose_;
  std::shared_ptr<place> at_ = std::make_shared<place>();
};

class remote_factory : public child_factory {
public:
  remote_factory(std::shared_ptr<executor> work, link_chooser choose)
    : work_(std::move(work)), choose_(std::move(choose)) {
    // nop
  }

  std::unique_ptr<child> make_child() override {
    return std::make_unique<remote_child>(work_, choose_);
  }

private:
  std::shared_ptr<executor> work_;
  link_chooser choose_;
};

} // namespace

std::shared_ptr<child_factory> make_children(std::shared_ptr<executor> work,
                                             link_chooser choose) {
  return std::make_shared<remote_factory>(std::move(work), std::move(choose));
}

} // namespace procession
