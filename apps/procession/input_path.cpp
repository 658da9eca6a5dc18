#include "input_path.hpp"

#include <utility>

namespace procession::cli {

namespace {

/// The most bytes that are passed on at a time.
constexpr std::size_t piece_size = 64 * 1024;

} // namespace

input_path::input_path(char escape, hooks ask) : ask_(std::move(ask)) {
  if (escape != 0)
    escape_.emplace(escape);
}

void input_path::start(std::string first) {
  take(first);
  go_on();
}

void input_path::on_read(const shared_bytes& bytes) {
  reading_ = false;
  if (bytes.size() == 0) {
    if (escape_)
      append(escape_->rest());
    at_ = state::ending;
  } else {
    take(bytes.text());
  }
  go_on();
}

void input_path::on_written() {
  writing_ = false;
  go_on();
}

void input_path::on_refused(bool for_good) {
  writing_ = false;
  // A user who types may still give commands to us.
  if (for_good && !escape_)
    at_ = state::over;
  if (for_good) {
    waiting_.clear();
    bytes_waiting_ = 0;
  }
  go_on();
}

void input_path::take(std::string_view bytes) {
  if (!escape_)
    return append(std::string{bytes});
  for (auto& part : escape_->take(bytes))
    if (auto* command = std::get_if<escape_command>(&part))
      ask_.obey(*command);
    else
      append(std::get<std::string>(std::move(part)));
}

void input_path::append(std::string bytes) {
  if (bytes.empty())
    return;
  bytes_waiting_ += bytes.size();
  // Waiting single keys must not cost a piece each.
  if (!waiting_.empty() && waiting_.back().size() + bytes.size() <= piece_size)
    waiting_.back() += bytes;
  else
    waiting_.push_back(std::move(bytes));
}

void input_path::go_on() {
  if (at_ == state::over)
    return;
  if (!writing_ && !waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    bytes_waiting_ -= next.size();
    writing_ = true;
    ask_.write(shared_bytes{std::move(next)});
  }
  if (at_ == state::ending) {
    if (!writing_ && waiting_.empty()) {
      at_ = state::over;
      ask_.close();
    }
    return;
  }
  auto enough = escape_ ? bytes_waiting_ >= max_ahead : writing_;
  if (!enough && !std::exchange(reading_, true))
    ask_.read();
}

} // namespace procession::cli
