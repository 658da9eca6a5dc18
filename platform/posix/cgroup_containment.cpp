#include "procession/platform/posix/cgroup_directory.hpp"
#include "procession/platform/posix/cgroup_place.hpp"
#include "procession/platform/posix/containment.hpp"
#include "procession/platform/posix/descriptor_reserve.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <mutex>
#include <utility>

namespace procession::posix {

namespace {

using std::chrono::steady_clock;

constexpr auto end_deadline = std::chrono::seconds{5};

/// How many empty cgroups wait for the next trees.
constexpr std::size_t max_kept = 16;

/// After a failure that nothing tells the end of.
constexpr auto retry_delay = std::chrono::milliseconds{20};

failure contain_failure(int os_code, std::string text) {
  auto code = os_code == EMFILE || os_code == ENFILE ? errc::out_of_descriptors
                                                     : errc::spawn_failed;
  return {code, {stage::contain, os_code, std::move(text)}};
}

/// Opens a cgroup for longer, hence not below 3, where a host that closed its
/// standard streams would have it among them.
unique_fd open_lasting(int parent, const char* name, std::error_code& ec) {
  auto result = open_directory(parent, name);
  if (!result)
    ec = last_error();
  return at_least_3(std::move(result), ec);
}

/// The cgroup of a tree, with those of its files that are open.
struct tree_cgroup {
  std::string name;
  unique_fd directory;
  unique_fd events;
};

/// The cgroup in which the trees' cgroups are. Whoever works below it holds
/// it; it goes with the last one.
struct cgroup_base {
  cgroup_base(unique_fd parent_directory, cgroup_place where,
              std::string its_name)
    : parent(std::move(parent_directory)), name(std::move(its_name)),
      place(std::move(where)) {
    // nop
  }

  cgroup_base(const cgroup_base&) = delete;
  cgroup_base& operator=(const cgroup_base&) = delete;

  ~cgroup_base() {
    // If it is busy still, it is the keeper's.
    if (directory)
      remove();
  }

  /// Makes and opens it.
  std::error_code make() {
    if (::mkdirat(parent.get(), name.c_str(), 0755) != 0)
      return last_error();
    std::error_code ec;
    directory = open_lasting(parent.get(), name.c_str(), ec);
    if (ec)
      remove();
    return ec;
  }

  void remove() {
    directory.reset();
    remove_cgroup(parent.get(), name.c_str());
  }

  /// Takes an empty cgroup from those that were kept; one without a name if
  /// there is none.
  tree_cgroup reuse() {
    std::lock_guard guard{mutex};
    if (kept.empty())
      return {};
    auto result = std::move(kept.back());
    kept.pop_back();
    return result;
  }

  /// Keeps a cgroup for the next tree if it is as good as new, and there is
  /// use for it. Making and removing one costs the kernel more than a spawn has
  /// to spare, most of it in the background where it is in the spawn's way.
  bool keep(tree_cgroup& x) {
    std::error_code unasked;
    if (!x.events)
      x.events = at_least_3(open_cgroup_events(x.directory.get()), unasked);
    struct stat info;
    // Links other than its own two are cgroups that somebody made below.
    if (!x.events || !vacant(x.events.get())
        || ::fstat(x.directory.get(), &info) != 0 || info.st_nlink != 2)
      return false;
    std::lock_guard guard{mutex};
    if (kept.size() == max_kept)
      return false;
    // Only the next one to be taken stays open.
    if (!kept.empty()) {
      kept.back().directory.reset();
      kept.back().events.reset();
    }
    kept.push_back(std::move(x));
    return true;
  }

  unique_fd parent;
  std::string name;
  cgroup_place place;
  /// There from the first tree on: a host that is killed before it has a keeper
  /// leaves nothing.
  unique_fd directory;
  /// For the reactor.
  descriptor_reserve reserve;
  std::mutex mutex;
  std::vector<tree_cgroup> kept;
};

using base_ptr = std::shared_ptr<cgroup_base>;

/// Kills a cgroup and waits until it can be removed.
class cgroup_end : public std::enable_shared_from_this<cgroup_end> {
public:
  cgroup_end(loop& reactor, base_ptr base, std::string name,
             unique_fd directory, std::function<void(bool)> done)
    : base_(std::move(base)), name_(std::move(name)),
      directory_(std::move(directory)), done_(std::move(done)),
      events_(reactor.context()), timer_(reactor.context()),
      deadline_(steady_clock::now() + end_deadline) {
    // nop
  }

  void step() {
    if (done_ == nullptr)
      return;
    if (!events_.is_open() && !begin())
      return wait_until(steady_clock::now() + retry_delay);
    // Before looking, so that no change is missed.
    await_change();
    if (populated(events_.native_handle()))
      return wait_until(deadline_);
    if (base_->reserve.with([this] {
          return remove_cgroup(base_->directory.get(), name_.c_str());
        }))
      return finish(true);
    // Somebody was moved into it from outside.
    kill();
    wait_until(steady_clock::now() + retry_delay);
  }

private:
  bool begin() {
    unique_fd events;
    auto opened = base_->reserve.with([&] {
      events = open_cgroup_events(directory_.get());
      return static_cast<bool>(events);
    });
    boost::system::error_code ec;
    if (!opened || !kill())
      return false;
    events_.assign(events.get(), ec);
    if (ec)
      return false;
    events.release();
    return true;
  }

  bool kill() {
    return base_->reserve.with(
      [this] { return kill_cgroup(directory_.get()); });
  }

  void await_change() {
    if (waiting_)
      return;
    waiting_ = true;
    events_.async_wait(
      boost::asio::posix::stream_descriptor::wait_error,
      [self = shared_from_this()](const boost::system::error_code& ec) {
        self->waiting_ = false;
        if (!ec)
          self->step();
      });
  }

  void wait_until(steady_clock::time_point when) {
    timer_.expires_at(std::min(when, deadline_));
    timer_.async_wait(
      [self = shared_from_this()](const boost::system::error_code& ec) {
        if (ec || self->done_ == nullptr)
          return;
        if (steady_clock::now() >= self->deadline_)
          self->finish(false);
        else
          self->step();
      });
  }

  void finish(bool result) {
    boost::system::error_code ec;
    events_.close(ec);
    timer_.cancel();
    boost::asio::post(timer_.get_executor(),
                      [done = std::exchange(done_, nullptr), result] {
                        done(result);
                      });
  }

  base_ptr base_;
  std::string name_;
  unique_fd directory_;
  std::function<void(bool)> done_;
  boost::asio::posix::stream_descriptor events_;
  boost::asio::steady_timer timer_;
  steady_clock::time_point deadline_;
  bool waiting_ = false;
};

class cgroup_tree : public tree {
public:
  cgroup_tree(loop& reactor, base_ptr base, tree_cgroup where)
    : reactor_(reactor), base_(std::move(base)), where_(std::move(where)) {
    // nop
  }

  ~cgroup_tree() override {
    if (where_.directory)
      remove_cgroup(base_->directory.get(), where_.name.c_str());
  }

  containment_kind kind() const noexcept override {
    return containment_kind::cgroup;
  }

  int cgroup() const noexcept override {
    return where_.directory.get();
  }

  void signal(pid_t leader, int signo) override {
    auto& reserve = base_->reserve;
    if (signo == SIGKILL) {
      // None forks itself out of this one.
      killed_ = true;
      reserve.with([this] { return kill_cgroup(where_.directory.get()); });
      return;
    }
    std::vector<pid_t> pids;
    reserve.with([&] {
      pids.clear();
      return list_processes(where_.directory.get(), pids);
    });
    for (auto pid : pids)
      reserve.with([&] { return signal_one(pid, leader, signo); });
  }

  void end(pid_t, std::function<void(bool)> done) override {
    // All there is to do as a rule. A zombie, as the leader is, does not count.
    // What the keeper removed, in its last moments, is as good.
    auto where = std::exchange(where_, {});
    if ((!killed_ && base_->keep(where))
        || remove_empty_cgroup(base_->directory.get(), where.name.c_str())) {
      reactor_.post([done = std::move(done)] { done(true); });
      return;
    }
    std::make_shared<cgroup_end>(reactor_, base_, std::move(where.name),
                                 std::move(where.directory), std::move(done))
      ->step();
  }

private:
  bool signal_one(pid_t pid, pid_t leader, int signo) {
    std::error_code ec;
    auto pidfd = open_pidfd(pid, ec);
    if (!pidfd) {
      errno = ec.value();
      return false;
    }
    // Now that the number is pinned: is it one of ours?
    errno = 0;
    auto membership = read_text("/proc/" + std::to_string(pid) + "/cgroup");
    if (membership.empty())
      return false;
    auto name = base_->place.name + "/" + where_.name;
    auto its_name = cgroup_name(membership);
    auto inside = its_name.substr(0, name.size()) == name
                  && (its_name.size() == name.size()
                      || its_name[name.size()] == '/');
    if (inside && ::getpgid(pid) != leader)
      send_signal(pidfd, signo);
    return true;
  }

  loop& reactor_;
  base_ptr base_;
  /// Nothing once it has ended.
  tree_cgroup where_;
  /// Then it cannot serve again: to Linux 6.18 at least, what is cloned into a
  /// cgroup (CLONE_INTO_CGROUP) that was ever killed has missed that kill.
  bool killed_ = false;
};

class cgroup_containment : public containment {
public:
  cgroup_containment(loop& reactor, base_ptr base)
    : reactor_(reactor), base_(std::move(base)) {
    // nop
  }

  containment_kind kind() const noexcept override {
    return containment_kind::cgroup;
  }

  std::vector<std::string> keeper_args() const override {
    return {"cgroup", base_->place.directory};
  }

  std::variant<std::unique_ptr<tree>, failure> make_tree() override {
    if (!base_->directory)
      if (auto ec = base_->make())
        return contain_failure(ec.value(), "a cgroup could not be made");
    auto where = base_->reuse();
    auto parent = base_->directory.get();
    if (where.name.empty()) {
      where.name = std::to_string(++last_tree_);
      if (::mkdirat(parent, where.name.c_str(), 0755) != 0)
        return contain_failure(errno, "a cgroup could not be made");
    }
    if (!where.directory) {
      std::error_code ec;
      where.directory = open_lasting(parent, where.name.c_str(), ec);
      if (ec) {
        remove_cgroup(parent, where.name.c_str());
        return contain_failure(ec.value(), "a cgroup could not be opened");
      }
    }
    return std::make_unique<cgroup_tree>(reactor_, base_, std::move(where));
  }

private:
  loop& reactor_;
  base_ptr base_;
  std::uint64_t last_tree_ = 0;
};

bool on_cgroup2(int directory) {
  struct statfs info;
  return ::fstatfs(directory, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

bool writable(int directory, const char* file) {
  return ::faccessat(directory, file, W_OK, AT_EACCESS) == 0;
}

} // namespace

std::variant<std::unique_ptr<containment>, failure>
make_cgroup_containment(loop& reactor) {
  auto own = own_cgroup();
  if (!own)
    return contain_failure(0, "no cgroup v2 hierarchy is mounted here");
  std::error_code ec;
  auto parent = open_lasting(AT_FDCWD, own->directory.c_str(), ec);
  if (ec)
    return contain_failure(ec.value(), "our own cgroup cannot be opened");
  // Who makes a process in a cgroup must be allowed to move it there from
  // here (clone(2), CLONE_INTO_CGROUP).
  if (!on_cgroup2(parent.get()) || !writable(parent.get(), "cgroup.procs"))
    return contain_failure(EACCES, "our own cgroup is not ours to divide");
  auto name = "procession-" + std::to_string(::getpid()) + "-" + make_nonce();
  auto slash = [](const std::string& x) {
    return x.empty() || x.back() != '/' ? x + "/" : x;
  };
  auto place = cgroup_place{slash(own->directory) + name,
                            slash(own->name) + name};
  auto base = std::make_shared<cgroup_base>(std::move(parent), std::move(place),
                                            name);
  if (ec = base->make(); ec)
    return contain_failure(ec.value(), "a cgroup could not be made");
  if (!writable(base->directory.get(), "cgroup.kill"))
    return contain_failure(errno, "the kernel has no cgroup.kill (Linux 5.14)");
  // Below a threaded cgroup whole processes are not taken.
  if (read_text(base->place.directory + "/cgroup.type") != "domain\n")
    return contain_failure(0, "our own cgroup is a threaded one");
  base->remove();
  return std::make_unique<cgroup_containment>(reactor, std::move(base));
}

} // namespace procession::posix
