#include "procession/platform/common/posting_child.hpp"
#include "procession/runner/parent/runner_connection.hpp"

#include <utility>

namespace procession {

namespace {

using connection_chooser = std::function<std::shared_ptr<runner_connection>()>;

/// The actors' end of a session in a runner: posts every call to the
/// connection's thread.
class remote_child : public posting_child<remote_session> {
public:
  remote_child(std::shared_ptr<executor> work, connection_chooser choose)
    : work_(std::move(work)), choose_(std::move(choose)) {
    // nop
  }

  ~remote_child() override {
    if (!at_->session->gone())
      post(&remote_session::abandon);
  }

  void start(command spec, std::uint64_t credit, child_sink sink) override {
    work_->post([at = at_, choose = std::move(choose_), spec = std::move(spec),
                 credit, sink = std::move(sink)]() mutable {
      at->connection = choose();
      at->connection->start_session(at->session, std::move(spec), credit,
                                    std::move(sink));
    });
  }

private:
  void post(std::function<void(remote_session&)> f) override {
    work_->post([at = at_, f = std::move(f)] {
      // A session that was never started has no connection.
      if (at->connection != nullptr)
        f(*at->session);
    });
  }

  struct place {
    /// Null before the start.
    std::shared_ptr<runner_connection> connection;
    std::shared_ptr<remote_session> session
      = std::make_shared<remote_session>();
  };

  std::shared_ptr<executor> work_;
  connection_chooser choose_;
  std::shared_ptr<place> at_ = std::make_shared<place>();
};

} // namespace

std::shared_ptr<child_factory> make_children(std::shared_ptr<executor> work,
                                             connection_chooser choose) {
  return std::make_shared<child_maker>(
    [work = std::move(work), choose = std::move(choose)] {
      return std::make_unique<remote_child>(work, choose);
    });
}

} // namespace procession
