#include "scripted_child.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <utility>

namespace procession::test {

/// Notes all requests.
class scripted_child : public child {
public:
  explicit scripted_child(script& x) : script_(x) {
    // nop
  }

  ~scripted_child() override {
    script_.note("destroyed");
    script_.sink_ = nullptr;
  }

  void start(command spec, std::uint64_t credit, child_sink sink) override {
    CHECK(script_.calls_.empty());
    script_.granted_ = credit;
    script_.spec_ = std::move(spec);
    script_.sink_ = std::move(sink);
    script_.note("start");
  }

  void grant(std::uint64_t bytes) override {
    CHECK(script_.started_);
    CHECK(bytes > 0);
    script_.granted_ += bytes;
  }

  void write(shared_bytes bytes) override {
    ask("write " + std::string{bytes.text()});
  }

  void close_stdin() override {
    ask("close_stdin");
  }

  void resize(std::uint64_t request, terminal_size size) override {
    ask("resize #" + std::to_string(request) + " " + to_string(size));
  }

  void signal(std::uint64_t request, signal_name name) override {
    ask("signal #" + std::to_string(request) + " " + to_string(name));
  }

  void terminate(signal_name by) override {
    ask(by == signal_name::terminate ? "terminate"
                                     : "terminate by " + to_string(by));
  }

  void kill() override {
    ask("kill");
  }

  void finish() override {
    CHECK(script_.exited_);
    ask("finish");
  }

private:
  void ask(std::string call) {
    CHECK(script_.started_);
    script_.note(std::move(call));
  }

  script& script_;
};

std::vector<std::string> script::take_calls() {
  auto first = calls_.begin() + static_cast<std::ptrdiff_t>(seen_);
  seen_ = calls_.size();
  return {first, calls_.end()};
}

std::size_t script::count(const std::string& call) const {
  return static_cast<std::size_t>(
    std::count(calls_.begin(), calls_.end(), call));
}

bool script::destroyed() const {
  return count("destroyed") == 1;
}

void script::started(std::int64_t pid) {
  started_ = true;
  open_streams_.insert(stream_kind::out);
  if (spec_.stdio.kind != stdio_kind::pty)
    open_streams_.insert(stream_kind::err);
  emit(child_started{pid, containment_kind::cgroup});
}

void script::start_failed(errc code, stage at, std::string text) {
  emit(child_start_failed{{code, {at, 0, std::move(text)}}});
}

void script::out(shared_bytes bytes) {
  output(stream_kind::out, std::move(bytes));
}

void script::err(shared_bytes bytes) {
  output(stream_kind::err, std::move(bytes));
}

void script::ended(stream_kind stream) {
  open_streams_.erase(stream);
}

void script::both_ended() {
  ended(stream_kind::out);
  ended(stream_kind::err);
}

void script::stdin_taken(std::uint64_t bytes) {
  emit(child_stdin_taken{bytes});
}

void script::stdin_refused(std::uint64_t bytes, errc code) {
  emit(child_stdin_refused{bytes, {code, {stage::run, 0, "refused"}}});
}

void script::stdin_broken() {
  emit(child_stdin_broken{
    {errc::stdin_closed, {stage::run, 32, "nobody reads it"}}});
}

void script::notified() {
  emit(child_notified{});
}

void script::stopped(std::int32_t signal) {
  emit(child_stopped{signal});
}

void script::continued() {
  emit(child_continued{});
}

void script::answered(std::uint64_t request) {
  emit(child_answered{request, true, {}});
}

void script::refused(std::uint64_t request, errc code) {
  emit(child_answered{request, false, {code, {stage::run, 1, "refused"}}});
}

void script::exited(exit_status status) {
  exited_ = true;
  emit(child_exited{status, open_streams_.empty()});
}

void script::finished(leftovers rest) {
  emit(child_finished{open_streams_.empty(), rest});
}

void script::lost() {
  emit(child_finished{false, {}, true});
}

void script::perish() {
  if (destroyed() || sink_ == nullptr)
    return;
  if (!started_)
    return start_failed(errc::runtime_stopped, stage::admit);
  both_ended();
  if (!exited_)
    exited(by_signal(9));
  finished();
}

void script::output(stream_kind stream, shared_bytes bytes) {
  REQUIRE(bytes.size() <= credit());
  produced_ += bytes.size();
  emit(child_output{stream, std::move(bytes)});
}

void script::emit(child_event x) {
  if (sink_)
    sink_(std::move(x));
}

void script::note(std::string call) {
  calls_.push_back(std::move(call));
}

exit_status exit_code(std::uint32_t code) {
  exit_status result;
  result.code = code;
  return result;
}

exit_status by_signal(std::int32_t signal) {
  exit_status result;
  result.cause = exit_cause::signaled;
  result.signal = signal;
  return result;
}

std::unique_ptr<child> scripted_factory::make_child() {
  scripts.push_back(std::make_unique<script>());
  return std::make_unique<scripted_child>(*scripts.back());
}

} // namespace procession::test
