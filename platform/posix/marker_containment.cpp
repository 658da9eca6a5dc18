#include "procession/messages/expected.hpp"
#include "procession/platform/posix/containment.hpp"
#include "procession/platform/posix/marked_end.hpp"
#include "procession/platform/posix/sweeper.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace procession::posix {

namespace {

class marker_tree : public tree {
public:
  marker_tree(loop& reactor, std::shared_ptr<sweeper> sweeps,
              std::shared_ptr<host_marks> marks)
    : reactor_(reactor), sweeper_(std::move(sweeps)), marks_(std::move(marks)),
      mark_(marks_->take()) {
    // nop
  }

  ~marker_tree() override {
    marks_->give_back(mark_);
  }

  containment_kind kind() const noexcept override {
    return containment_kind::marker;
  }

  std::string marker() const override {
    return environment_entry(mark_);
  }

  marking_limit limit() const noexcept override {
    return marks_->limit(mark_);
  }

  void signal(pid_t leader, int signo) override {
    if (auto end = end_.lock())
      return end->signal(signo);
    auto target = target_of(leader);
    target.spare_group = true;
    target.signals = {signo, 0};
    if (signo == SIGKILL)
      sweeper_->hunt(std::move(target), nullptr);
    else
      sweeper_->sweep(std::move(target), nullptr);
  }

  void list(pid_t leader,
            std::function<void(std::vector<pid_t>)> done) override {
    auto tell = [leader, done = std::move(done)](const sweep_result& x, bool) {
      std::vector<pid_t> found{leader};
      for (auto& process : x.found)
        found.push_back(process.pid);
      done(std::move(found));
    };
    sweeper_->sweep(target_of(leader), std::move(tell));
  }

  void end(pid_t leader, ending how, std::chrono::nanoseconds grace,
           std::function<void(tree_end)> done) override {
    auto made = std::make_shared<marked_end>(reactor_, sweeper_,
                                             target_of(leader));
    end_ = made;
    made->start(how, grace, std::move(done));
  }

  void kill() override {
    if (auto end = end_.lock())
      end->kill();
  }

private:
  sweep_target target_of(pid_t leader) const {
    return {.marks = {mark_, mark_}, .leader = leader};
  }

  loop& reactor_;
  std::shared_ptr<sweeper> sweeper_;
  std::shared_ptr<host_marks> marks_;
  std::uint64_t mark_;
  std::weak_ptr<marked_end> end_;
};

class marker_containment : public containment {
public:
  explicit marker_containment(loop& reactor)
    : reactor_(reactor), marks_(std::make_shared<host_marks>()),
      sweeper_(std::make_shared<sweeper>(
        reactor, mark_places{marks_->resource(), true})) {
    // nop
  }

  ~marker_containment() override {
    sweeper_->stop();
  }

  containment_kind kind() const noexcept override {
    return containment_kind::marker;
  }

  std::vector<std::string> keeper_args() const override {
    return marks_->keeper_args();
  }

  expected<std::unique_ptr<tree>> make_tree() override {
    if (auto ec = sweeper_->start())
      return contain_failure(
        ec.value(), "no thread could be created to look for processes");
    return std::make_unique<marker_tree>(reactor_, sweeper_, marks_);
  }

private:
  loop& reactor_;
  std::shared_ptr<host_marks> marks_;
  std::shared_ptr<sweeper> sweeper_;
};

} // namespace

expected<std::unique_ptr<containment>> make_marker_containment(loop& reactor) {
  std::error_code ec;
  if (!open_pidfd(::getpid(), ec))
    return contain_failure(ec.value(),
                           ec.value() == ENOSYS
                             ? "the kernel has no pidfd_open (Linux 5.3)"
                             : "a pidfd cannot be opened");
  return std::make_unique<marker_containment>(reactor);
}

} // namespace procession::posix
