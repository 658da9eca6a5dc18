#include "procession/platform/posix/sweeper.hpp"

#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

namespace procession::posix {

sweeper::sweeper(loop& reactor, mark_places where)
  : reactor_(reactor), where_(where) {
  // nop
}

std::error_code sweeper::start() {
  std::lock_guard guard{mutex_};
  try {
    if (thread_ == nullptr)
      thread_ = std::make_unique<loop>("pcn-sweeper");
  } catch (const std::system_error& x) {
    return x.code();
  }
  return {};
}

void sweeper::stop() {
  // Destroyed without the lock: they may hold our caller.
  jobs dropped;
  std::unique_ptr<loop> thread;
  {
    std::lock_guard guard{mutex_};
    thread.swap(thread_);
    dropped.swap(waiting_);
  }
}

void sweeper::sweep(sweep_target target, callback done) {
  add({std::move(target), false, std::move(done)});
}

void sweeper::hunt(sweep_target target, callback done) {
  add({std::move(target), true, std::move(done)});
}

void sweeper::add(job x) {
  std::lock_guard guard{mutex_};
  if (thread_ == nullptr)
    return;
  waiting_.push_back(std::move(x));
  advance();
}

void sweeper::advance() {
  if (running_ || waiting_.empty() || thread_ == nullptr)
    return;
  // One job for each tree; the others keep their order.
  jobs now;
  jobs later;
  std::set<std::uint64_t> marks;
  for (auto& x : waiting_)
    (marks.insert(x.target.marks.first).second ? now : later)
      .push_back(std::move(x));
  waiting_ = std::move(later);
  running_ = true;
  thread_->post([self = shared_from_this(), now = std::move(now)]() mutable {
    self->run(std::move(now));
  });
}

void sweeper::run(jobs now) {
  // First the sweeps, as a hunt may take longer.
  run_some(now, false);
  run_some(now, true);
  std::lock_guard guard{mutex_};
  running_ = false;
  advance();
}

void sweeper::run_some(jobs& all, bool hunting) {
  std::vector<sweep_target> targets;
  std::vector<callback> done;
  for (auto& x : all)
    if (x.hunting == hunting) {
      targets.push_back(x.target);
      done.push_back(std::move(x.done));
    }
  if (targets.empty())
    return;
  std::error_code ec;
  std::vector<sweep_result> results;
  reserve_.with([&] {
    ec.clear();
    results = hunting ? posix::hunt(where_, targets, ec)
                      : posix::sweep(where_, targets, ec);
    errno = ec.value();
    return !ec;
  });
  reactor_.post([done = std::move(done), results = std::move(results),
                 complete = !ec]() mutable {
    for (std::size_t i = 0; i < done.size(); ++i)
      if (done[i])
        done[i](std::move(results[i]), complete);
  });
}

} // namespace procession::posix
