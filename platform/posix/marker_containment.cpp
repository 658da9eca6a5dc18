#include "procession/platform/posix/containment.hpp"
#include "procession/platform/posix/descriptor_reserve.hpp"
#include "procession/platform/posix/sweep.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <set>

namespace procession::posix {

namespace {

using std::chrono::steady_clock;

constexpr auto end_deadline = std::chrono::seconds{5};

/// After a failure that nothing tells the end of.
constexpr auto retry_delay = std::chrono::milliseconds{20};

/// Until a process that was loading a program has done so.
constexpr auto undecided_delay = std::chrono::milliseconds{5};

/// A tree to signal once, or to end: swept until nothing is found.
struct request {
  sweep_target target;
  /// Empty: signal once.
  std::function<void(bool)> done;
  steady_clock::time_point deadline;
  /// Sweeps that found nothing but may have missed something.
  int undecided = 0;
};

/// Waits until processes are gone, one after the other, or it is time.
class farewell : public std::enable_shared_from_this<farewell> {
public:
  farewell(boost::asio::io_context& context, std::vector<unique_fd> pidfds,
           steady_clock::time_point until, std::function<void()> done)
    : pidfds_(std::move(pidfds)), done_(std::move(done)), next_(context),
      timer_(context) {
    timer_.expires_at(until);
  }

  void start() {
    timer_.async_wait(
      [self = shared_from_this()](const boost::system::error_code& ec) {
        if (!ec)
          self->finish();
      });
    step();
  }

private:
  void step() {
    boost::system::error_code ec;
    while (!pidfds_.empty()) {
      auto pidfd = std::move(pidfds_.back());
      pidfds_.pop_back();
      auto gone = pollfd{pidfd.get(), POLLIN, 0};
      if (::poll(&gone, 1, 0) == 1)
        continue;
      next_.assign(pidfd.get(), ec);
      if (ec)
        continue;
      pidfd.release();
      next_.async_wait(
        boost::asio::posix::stream_descriptor::wait_read,
        [self = shared_from_this()](const boost::system::error_code& error) {
          if (error)
            return;
          boost::system::error_code ignored;
          self->next_.close(ignored);
          self->step();
        });
      return;
    }
    finish();
  }

  void finish() {
    if (done_ == nullptr)
      return;
    boost::system::error_code ec;
    pidfds_.clear();
    next_.close(ec);
    timer_.cancel();
    std::exchange(done_, nullptr)();
  }

  std::vector<unique_fd> pidfds_;
  std::function<void()> done_;
  boost::asio::posix::stream_descriptor next_;
  boost::asio::steady_timer timer_;
};

/// Takes requests and makes sweeps of them, one at a time: what comes while
/// one runs is all served by the next. On the reactor except where noted.
class sweeper : public std::enable_shared_from_this<sweeper> {
public:
  sweeper(loop& reactor, loop& launcher)
    : reactor_(reactor), launcher_(launcher) {
    // nop
  }

  void add(request x) {
    waiting_.push_back(std::move(x));
    start();
  }

private:
  using batch = std::vector<request>;

  void start() {
    if (running_ || waiting_.empty())
      return;
    running_ = true;
    // One request for each tree, the others keep their order.
    batch now;
    batch later;
    std::set<std::string> marks;
    for (auto& x : waiting_)
      (marks.insert(x.target.marker).second ? now : later)
        .push_back(std::move(x));
    waiting_ = std::move(later);
    launcher_.post([self = shared_from_this(), now = std::move(now)]() mutable {
      self->run(std::move(now));
    });
  }

  /// On the launcher thread.
  void run(batch now) {
    std::vector<sweep_target> targets;
    targets.reserve(now.size());
    for (auto& x : now)
      targets.push_back(x.target);
    std::error_code ec;
    std::vector<sweep_result> results;
    reserve_.with([&] {
      ec.clear();
      results = sweep(targets, ec);
      errno = ec.value();
      return !ec;
    });
    reactor_.post([self = shared_from_this(), now = std::move(now),
                   results = std::move(results),
                   failed = static_cast<bool>(ec)]() mutable {
      self->running_ = false;
      for (std::size_t i = 0; i < now.size(); ++i)
        self->proceed(std::move(now[i]), results[i], failed);
      self->start();
    });
  }

  void proceed(request x, sweep_result& result, bool failed) {
    if (x.done == nullptr)
      return;
    auto now = steady_clock::now();
    if (result.signalled == 0 && !failed) {
      if (!result.undecided || ++x.undecided == max_undecided_sweeps)
        return x.done(!result.refused);
      return add_later(std::move(x), now + undecided_delay * x.undecided);
    }
    if (now >= x.deadline)
      return x.done(false);
    if (result.killed.empty())
      return add_later(std::move(x), now + retry_delay);
    auto until = x.deadline;
    std::make_shared<farewell>(
      reactor_.context(), std::move(result.killed), until,
      [self = shared_from_this(), x = std::move(x)]() mutable {
        self->add(std::move(x));
      })
      ->start();
  }

  void add_later(request x, steady_clock::time_point when) {
    auto timer = std::make_shared<boost::asio::steady_timer>(
      reactor_.context());
    timer->expires_at(std::min(when, x.deadline));
    timer->async_wait([self = shared_from_this(), timer, x = std::move(x)](
                        const boost::system::error_code& ec) mutable {
      if (!ec)
        self->add(std::move(x));
    });
  }

  loop& reactor_;
  loop& launcher_;
  std::vector<request> waiting_;
  bool running_ = false;
  /// For the launcher.
  descriptor_reserve reserve_;
};

class marker_tree : public tree {
public:
  marker_tree(std::shared_ptr<sweeper> sweeps, std::string mark)
    : sweeper_(std::move(sweeps)), marker_(std::move(mark)) {
    // nop
  }

  containment_kind kind() const noexcept override {
    return containment_kind::marker;
  }

  std::string marker() const override {
    return marker_;
  }

  void signal(pid_t leader, int signo) override {
    sweeper_->add({{marker_, leader, signo, true}, nullptr, {}, 0});
  }

  void end(pid_t leader, std::function<void(bool)> done) override {
    sweeper_->add({{marker_, leader, SIGKILL, false},
                   std::move(done),
                   steady_clock::now() + end_deadline,
                   0});
  }

private:
  std::shared_ptr<sweeper> sweeper_;
  std::string marker_;
};

class marker_containment : public containment {
public:
  explicit marker_containment(loop& reactor, loop& launcher)
    : sweeper_(std::make_shared<sweeper>(reactor, launcher)),
      name_(marker_name + make_nonce() + "=") {
    // nop
  }

  containment_kind kind() const noexcept override {
    return containment_kind::marker;
  }

  std::vector<std::string> keeper_args() const override {
    return {"marker", name_};
  }

  std::variant<std::unique_ptr<tree>, failure> make_tree() override {
    return std::make_unique<marker_tree>(sweeper_,
                                         name_ + std::to_string(++last_tree_));
  }

private:
  std::shared_ptr<sweeper> sweeper_;
  std::string name_;
  std::uint64_t last_tree_ = 0;
};

} // namespace

std::variant<std::unique_ptr<containment>, failure>
make_marker_containment(loop& reactor, loop& launcher) {
  std::error_code ec;
  if (!open_pidfd(::getpid(), ec))
    return failure{errc::spawn_failed,
                   {stage::contain, ec.value(),
                    "the kernel has no pidfd_open (Linux 5.3)"}};
  if (::access("/proc/self/stat", R_OK) != 0)
    return failure{errc::spawn_failed,
                   {stage::contain, errno, "/proc is not mounted"}};
  return std::make_unique<marker_containment>(reactor, launcher);
}

} // namespace procession::posix
