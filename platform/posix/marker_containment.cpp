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
  marker_tree(loop& reactor, std::shared_ptr<sweeper> sweeps, std::string mark)
    : reactor_(reactor), sweeper_(std::move(sweeps)), marker_(std::move(mark)) {
    // nop
  }

  containment_kind kind() const noexcept override {
    return containment_kind::marker;
  }

  std::string marker() const override {
    return marker_;
  }

  void signal(pid_t leader, int signo) override {
    auto target = sweep_target{marker_, leader, true, {signo, 0}};
    if (signo == SIGKILL)
      sweeper_->hunt(std::move(target), nullptr);
    else
      sweeper_->sweep(std::move(target), nullptr);
  }

  void end(pid_t leader, ending how, std::chrono::nanoseconds grace,
           std::function<void(tree_end)> done) override {
    auto made = std::make_shared<marked_end>(
      reactor_, sweeper_, sweep_target{marker_, leader, false, {}});
    end_ = made;
    made->start(how, grace, std::move(done));
  }

  void kill() override {
    if (auto end = end_.lock())
      end->kill();
  }

private:
  loop& reactor_;
  std::shared_ptr<sweeper> sweeper_;
  std::string marker_;
  std::weak_ptr<marked_end> end_;
};

class marker_containment : public containment {
public:
  explicit marker_containment(loop& reactor)
    : reactor_(reactor), sweeper_(std::make_shared<sweeper>(reactor)),
      name_(marker_name + make_nonce() + "=") {
    // nop
  }

  ~marker_containment() override {
    sweeper_->stop();
  }

  containment_kind kind() const noexcept override {
    return containment_kind::marker;
  }

  std::vector<std::string> keeper_args() const override {
    return {"marker", name_};
  }

  std::variant<std::unique_ptr<tree>, failure> make_tree() override {
    if (auto ec = sweeper_->start())
      return failure{errc::out_of_processes,
                     {stage::contain, ec.value(),
                      "no thread was made to look for processes"}};
    return std::make_unique<marker_tree>(reactor_, sweeper_,
                                         name_ + std::to_string(++last_tree_));
  }

private:
  loop& reactor_;
  std::shared_ptr<sweeper> sweeper_;
  std::string name_;
  std::uint64_t last_tree_ = 0;
};

} // namespace

std::variant<std::unique_ptr<containment>, failure>
make_marker_containment(loop& reactor) {
  std::error_code ec;
  if (!open_pidfd(::getpid(), ec))
    return failure{errc::spawn_failed,
                   {stage::contain, ec.value(),
                    "the kernel has no pidfd_open (Linux 5.3)"}};
  if (::access("/proc/self/stat", R_OK) != 0)
    return failure{errc::spawn_failed,
                   {stage::contain, errno, "/proc is not mounted"}};
  return std::make_unique<marker_containment>(reactor);
}

} // namespace procession::posix
