#include "procession/platform/posix/cgroup_base.hpp"

#include "procession/platform/posix/cgroup_directory.hpp"

#include <sys/stat.h>

#include <utility>

namespace procession::posix {

namespace {

/// The most empty cgroups that are kept for the next trees.
constexpr std::size_t max_kept = 16;

} // namespace

unique_fd open_lasting(int parent, const char* name, std::error_code& ec) {
  auto result = open_directory(parent, name);
  if (!result)
    ec = last_error();
  return at_least_3(std::move(result), ec);
}

cgroup_base::cgroup_base(unique_fd parent, cgroup_place place, std::string name)
  : parent_(std::move(parent)), place_(std::move(place)),
    name_(std::move(name)) {
  // nop
}

cgroup_base::~cgroup_base() {
  if (directory_)
    remove();
}

std::error_code cgroup_base::make() {
  if (::mkdirat(parent_.get(), name_.c_str(), 0755) != 0)
    return last_error();
  std::error_code ec;
  directory_ = open_lasting(parent_.get(), name_.c_str(), ec);
  if (ec)
    remove();
  return ec;
}

void cgroup_base::remove() {
  directory_.reset();
  reserve_.with([this] { return remove_cgroup(parent_.get(), name_.c_str()); });
}

void cgroup_base::watch(tree_cgroup& x) {
  x.watch = changes_.watch(place_.directory + "/" + x.name);
}

tree_cgroup cgroup_base::reuse() {
  std::lock_guard guard{mutex_};
  while (!kept_.empty()) {
    auto result = std::move(kept_.back());
    kept_.pop_back();
    if (!changes_.changed(result.watch))
      return result;
    result.events.reset();
    remove_cgroup(directory_.get(), result.name.c_str());
  }
  return {};
}

bool cgroup_base::keep(tree_cgroup& x) {
  std::error_code unasked;
  if (!x.events)
    x.events = at_least_3(open_cgroup_events(x.directory.get()), unasked);
  if (!x.events || !vacant(x.events.get()) || changes_.changed(x.watch))
    return false;
  std::lock_guard guard{mutex_};
  if (kept_.size() == max_kept)
    return false;
  // Only the one that is taken next stays open.
  if (!kept_.empty()) {
    kept_.back().directory.reset();
    kept_.back().events.reset();
  }
  kept_.push_back(std::move(x));
  return true;
}

} // namespace procession::posix
