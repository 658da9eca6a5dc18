#include "procession/messages/expected.hpp"
#include "procession/platform/posix/cgroup_base.hpp"
#include "procession/platform/posix/cgroup_directory.hpp"
#include "procession/platform/posix/cgroup_end.hpp"
#include "procession/platform/posix/containment.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace procession::posix {

namespace {

using base_ptr = std::shared_ptr<cgroup_base>;

class cgroup_tree : public tree {
public:
  cgroup_tree(loop& reactor, base_ptr base, tree_cgroup where,
              std::shared_ptr<host_marks> marks)
    : reactor_(reactor), base_(std::move(base)), where_(std::move(where)),
      marks_(std::move(marks)), mark_(marks_->take()) {
    // nop
  }

  ~cgroup_tree() override {
    marks_->give_back(mark_);
    if (where_.directory)
      remove_cgroup(base_->directory(), where_.name.c_str());
  }

  containment_kind kind() const noexcept override {
    return containment_kind::cgroup;
  }

  int cgroup() const noexcept override {
    return where_.directory.get();
  }

  marking_limit limit() const noexcept override {
    return marks_->limit(mark_);
  }

  void signal(pid_t leader, int signo) override {
    if (auto end = end_.lock())
      return end->signal(signo);
    if (!where_.directory)
      return;
    base_->reserve().with([&] {
      auto directory = where_.directory.get();
      if (signo != SIGKILL)
        return signal_processes(directory, signo, [leader](pid_t pid) {
          return ::getpgid(pid) != leader;
        });
      // Processes in this cgroup cannot escape by forking.
      killed_ = true;
      return kill_processes(directory);
    });
  }

  void list(pid_t, std::function<void(std::vector<pid_t>)> done) override {
    std::vector<pid_t> found;
    base_->reserve().with([&] {
      found.clear();
      return list_processes(where_.directory.get(), found);
    });
    reactor_.post([done = std::move(done), found = std::move(found)]() mutable {
      done(std::move(found));
    });
  }

  void end(pid_t leader, ending how, std::chrono::nanoseconds grace,
           std::function<void(tree_end)> done) override {
    // Usually this is all. A zombie does not count, and the leader is one. The
    // keeper may have removed the cgroup in its last moments, which is fine.
    auto where = std::exchange(where_, {});
    if ((!killed_ && base_->keep(where))
        || remove_empty_cgroup(base_->directory(), where.name.c_str())) {
      reactor_.post([done = std::move(done)] { done({}); });
      return;
    }
    auto made = std::make_shared<cgroup_end>(reactor_, base_, std::move(where));
    end_ = made;
    made->start(leader, how, grace, std::move(done));
  }

  void kill() override {
    if (auto end = end_.lock())
      end->kill();
  }

private:
  loop& reactor_;
  base_ptr base_;
  /// Empty once the end has begun.
  tree_cgroup where_;
  /// A killed cgroup cannot be kept: up to Linux 6.18 at least, a process that
  /// is cloned into a cgroup (CLONE_INTO_CGROUP) after a kill has missed that
  /// kill.
  bool killed_ = false;
  std::shared_ptr<host_marks> marks_;
  std::uint64_t mark_;
  std::weak_ptr<cgroup_end> end_;
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
    auto result = marks_->keeper_args();
    result.push_back(base_->place().directory);
    return result;
  }

  expected<std::unique_ptr<tree>> make_tree() override {
    if (base_->directory() < 0)
      if (auto ec = base_->make())
        return contain_failure(ec.value(), "a cgroup could not be made");
    auto where = base_->reuse();
    auto parent = base_->directory();
    if (where.name.empty()) {
      where.name = std::to_string(++last_tree_);
      if (::mkdirat(parent, where.name.c_str(), 0755) != 0)
        return contain_failure(errno, "a cgroup could not be made");
      base_->watch(where);
    }
    if (!where.directory) {
      std::error_code ec;
      where.directory = open_lasting(parent, where.name.c_str(), ec);
      if (ec) {
        remove_cgroup(parent, where.name.c_str());
        return contain_failure(ec.value(), "a cgroup could not be opened");
      }
    }
    return std::make_unique<cgroup_tree>(reactor_, base_, std::move(where),
                                         marks_);
  }

private:
  loop& reactor_;
  base_ptr base_;
  std::shared_ptr<host_marks> marks_ = std::make_shared<host_marks>();
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

expected<std::unique_ptr<containment>> make_cgroup_containment(loop& reactor) {
  std::error_code ec;
  auto own = own_cgroup(ec);
  if (ec)
    return contain_failure(ec.value(), "our own cgroup cannot be told");
  if (!own)
    return contain_failure(0, "no cgroup v2 hierarchy is mounted here");
  auto parent = open_lasting(AT_FDCWD, own->directory.c_str(), ec);
  if (ec)
    return contain_failure(ec.value(), "our own cgroup cannot be opened");
  // To create a process in a cgroup takes the right to move it there from here
  // (clone(2), CLONE_INTO_CGROUP).
  if (!on_cgroup2(parent.get()) || !writable(parent.get(), "cgroup.procs"))
    return contain_failure(EACCES, "our own cgroup is not ours to divide");
  auto name = "procession-" + std::to_string(::getpid()) + "-"
              + random_digits(16);
  auto slash = [](const std::string& x) {
    return x.empty() || x.back() != '/' ? x + "/" : x;
  };
  auto place = cgroup_place{slash(own->directory) + name,
                            slash(own->name) + name};
  auto base = std::make_shared<cgroup_base>(std::move(parent), std::move(place),
                                            name);
  if (ec = base->make(); ec)
    return contain_failure(ec.value(), "a cgroup could not be made");
  if (!writable(base->directory(), "cgroup.kill"))
    return contain_failure(errno, "the kernel has no cgroup.kill (Linux 5.14)");
  // A cgroup below a threaded one does not take whole processes.
  auto type = read_text(base->place().directory + "/cgroup.type", ec);
  if (ec)
    return contain_failure(ec.value(), "a cgroup cannot be looked at");
  if (type != "domain\n")
    return contain_failure(0, "our own cgroup is a threaded one");
  base->remove();
  return std::make_unique<cgroup_containment>(reactor, std::move(base));
}

} // namespace procession::posix
