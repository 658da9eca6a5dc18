#include "story.hpp"

#include "pattern.hpp"

#include <cstdio>

namespace procession::soak {

namespace {

bool same(const leftovers& x, const leftovers& y) {
  return x.ended == y.ended && x.surviving == y.surviving;
}

std::string describe_end(bool complete, leftovers rest) {
  return std::string{complete ? "complete" : "incomplete"} + ", "
         + std::to_string(rest.ended) + " had to be ended, "
         + std::to_string(rest.surviving) + " survive";
}

std::string describe_cursor(cursor x) {
  return "out " + std::to_string(x.out) + ", err " + std::to_string(x.err);
}

} // namespace

story::story(ledger& log, plan what, std::shared_ptr<venue> where)
  : log_(log), plan_(std::move(what)), where_(std::move(where)) {
  // nop
}

void story::note(const std::string& text) {
  char time[40];
  std::snprintf(time, sizeof(time), "  %10.3f s  ", log_.now());
  std::lock_guard guard{mutex_};
  notes_ += time + text + '\n';
}

void story::finding(const std::string& what) {
  log_.finding("session " + std::to_string(plan_.number) + ": " + what,
               to_string());
}

void story::disturb(const std::string& how) {
  disturbed_ = true;
  note(how);
}

void story::agree(const exit_status& x, const char* teller) {
  std::unique_lock guard{mutex_};
  if (!status_) {
    status_ = x;
    guard.unlock();
    return note("status " + procession::to_string(x) + " (" + teller + ")");
  }
  auto known = *status_;
  guard.unlock();
  if (!(known == x))
    finding(std::string{teller} + " tells the status "
            + procession::to_string(x) + ", others "
            + procession::to_string(known));
}

void story::agree(bool complete, leftovers rest, const char* teller) {
  std::unique_lock guard{mutex_};
  if (!end_) {
    end_.emplace(complete, rest);
    guard.unlock();
    return note("closed: " + describe_end(complete, rest) + " (" + teller
                + ")");
  }
  auto known = *end_;
  guard.unlock();
  // A subscriber that lacks output when its spawner goes gets an incomplete
  // end.
  auto allowed = known.first == complete || where_->ending;
  if (!allowed || !same(known.second, rest))
    finding(std::string{teller} + " tells of the end "
            + describe_end(complete, rest) + ", others "
            + describe_end(known.first, known.second));
}

void story::agree(cursor end, const char* teller) {
  std::unique_lock guard{mutex_};
  if (!last_)
    last_ = end;
  auto known = *last_;
  guard.unlock();
  if (!(known == end))
    finding(std::string{teller} + " has the end of the output at "
            + describe_cursor(end) + ", others at " + describe_cursor(known));
}

std::optional<exit_status> story::status() const {
  std::lock_guard guard{mutex_};
  return status_;
}

void story::verify(stream_kind stream, std::uint64_t offset,
                   const shared_bytes& bytes, const char* reader) {
  auto& told = plan_.told;
  auto seed = stream == stream_kind::err    ? told.err_seed
              : told.use == input_use::echo ? told.in_seed
                                            : told.out_seed;
  if (auto bad = first_wrong(bytes.span(), seed, offset))
    finding(std::string{reader} + ": a wrong byte in "
            + (stream == stream_kind::out ? "out" : "err") + " at "
            + std::to_string(*bad) + ", in a chunk from "
            + std::to_string(offset) + " of " + std::to_string(bytes.size()));
  log_.counts.bytes += bytes.size();
}

std::string story::to_string() const {
  std::lock_guard guard{mutex_};
  return "  in " + where_->name + ": " + soak::to_string(plan_) + '\n' + notes_;
}

} // namespace procession::soak
