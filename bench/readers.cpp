#include "readers.hpp"

#include <stdexcept>
#include <utility>

namespace procession::bench {

namespace {

/// The distance of the offsets at which memory is compared.
constexpr std::uint64_t stride = 1024 * 1024;

} // namespace

// -- audience -----------------------------------------------------------------

audience::audience(std::size_t size, std::uint64_t bytes)
  : ready(static_cast<std::ptrdiff_t>(size)),
    done(static_cast<std::ptrdiff_t>(size)),
    over(static_cast<std::ptrdiff_t>(size)), expected_(bytes),
    places_(bytes / stride + 1) {
  // nop
}

void audience::found(const output& x) {
  auto at = (x.offset + stride - 1) / stride;
  if (at * stride >= x.offset + x.bytes.size())
    return;
  auto* here = x.bytes.data() + (at * stride - x.offset);
  std::lock_guard guard{mutex_};
  auto*& place = places_.at(at);
  if (place == nullptr)
    place = here;
  else if (place != here)
    wrong_ = "subscribers do not share memory";
}

void audience::wrong(std::string what) {
  std::lock_guard guard{mutex_};
  wrong_ = std::move(what);
}

void audience::check() {
  std::lock_guard guard{mutex_};
  if (!wrong_.empty())
    throw std::runtime_error{wrong_};
}

// -- flood_reader -------------------------------------------------------------

subscriber::behavior_type flood_reader::make_behavior(session source,
                                                      audience& to) {
  source_ = std::move(source);
  to_ = &to;
  self_->request(source_, caf::infinite, subscribe_atom_v, terms_)
    .then([] {}, [this](const caf::error& x) { fail(describe(x)); });
  return {
    [](const started&) {},
    [this](const output& x) { take(x); },
    [this](const gap&) { fail("bytes are missing"); },
    [](const stopped&) {},
    [](const continued&) {},
    [](const exited&) {},
    [this](const closed&) {
      to_->over.count_down();
      self_->quit();
    },
  };
}

void flood_reader::take(const output& x) {
  if (x.offset != had_)
    return fail("offsets do not follow one another");
  to_->found(x);
  if (had_ == 0)
    to_->ready.count_down();
  had_ += x.bytes.size();
  owed_ += x.bytes.size();
  if (had_ == to_->expected())
    to_->done.count_down();
  if (owed_ >= terms_.window / 4)
    self_->send(source_, ack_atom_v, std::exchange(owed_, 0));
}

void flood_reader::fail(std::string what) {
  to_->wrong(std::move(what));
  if (had_ == 0)
    to_->ready.count_down();
  if (had_ < to_->expected())
    to_->done.count_down();
  to_->over.count_down();
  self_->quit();
}

// -- echo_reader --------------------------------------------------------------

subscriber::behavior_type
echo_reader::make_behavior(session source, std::size_t count, std::size_t size,
                           std::promise<round_trips>& to) {
  source_ = std::move(source);
  to_ = &to;
  count_ = count;
  message_ = shared_bytes{std::string(size, 'x')};
  times_.reserve(count);
  self_->request(source_, caf::infinite, subscribe_atom_v, subscription{})
    .then([] {}, [this](const caf::error& x) { fail(describe(x)); });
  return {
    [](const started&) {},
    [this](const output& x) { take(x); },
    [this](const gap&) { fail("bytes are missing"); },
    [](const stopped&) {},
    [](const continued&) {},
    [](const exited&) {},
    [this](const closed&) { fail("the child ended early"); },
  };
}

void echo_reader::take(const output& x) {
  missing_ -= x.bytes.size();
  owed_ += x.bytes.size();
  if (owed_ >= subscription{}.window / 4)
    self_->send(source_, ack_atom_v, std::exchange(owed_, 0));
  if (missing_ > 0)
    return;
  // The first byte only says that the child is ready.
  if (asked_)
    times_.push_back(time_.seconds());
  if (times_.size() < count_)
    return ask();
  to_->set_value(summarize(std::move(times_)));
  self_->quit();
}

void echo_reader::ask() {
  asked_ = true;
  missing_ = message_.size();
  time_ = stopwatch{};
  self_->request(source_, caf::infinite, write_atom_v, message_)
    .then([](std::uint64_t) {},
          [this](const caf::error& x) { fail(describe(x)); });
}

void echo_reader::fail(const std::string& what) {
  to_->set_exception(std::make_exception_ptr(std::runtime_error{what}));
  self_->quit();
}

} // namespace procession::bench
