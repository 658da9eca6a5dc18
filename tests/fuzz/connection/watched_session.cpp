#include "watched_session.hpp"

#include "expect.hpp"

namespace procession::fuzz {

struct watched_session::story {
  explicit story(std::function<bool()> f) : lost(std::move(f)) {
    // nop
  }

  void on(const child_started&) {
    expect(!started, "a child starts once");
    started = true;
  }

  void on(const child_start_failed&) {
    expect(!started, "what was started has not failed to");
    over = true;
  }

  void on(child_output& x) {
    expect(started, "output comes from what was started");
    expect(!drained, "output that was read to the end has ended");
    expect(!merged || x.stream == stream_kind::out, "there is one stream");
    expect(!x.bytes.empty(), "output is something");
    output += x.bytes.size();
    expect(output <= granted, "output stays within what was granted");
    auto copy = std::string{x.bytes.text()};
    chunks.emplace_back(std::move(x.bytes), std::move(copy));
  }

  void on(const child_stdin_taken& x) {
    expect(started && !broken, "input is taken by who has an input");
    taken += x.bytes;
    expect(taken <= written, "no more input is taken than was written");
  }

  void on(const child_stdin_refused& x) {
    expect(started && !broken, "input is refused before it breaks");
    taken += x.bytes;
    expect(taken <= written, "no more input is refused than was written");
  }

  void on(const child_stdin_broken&) {
    expect(started && !broken, "input breaks once");
    broken = true;
  }

  void on(const child_notified&) {
    expect(started && !exited && !notified, "a child notifies once");
    notified = true;
  }

  void on(const child_stopped&) {
    expect(started && !exited && !stopped, "a child stops while it runs");
    stopped = true;
  }

  void on(const child_continued&) {
    expect(!exited && stopped, "a stopped child goes on");
    stopped = false;
  }

  void on(const child_answered& x) {
    expect(started, "an answer comes from what was started");
    expect(asked.erase(x.request) == 1, "each request is answered once");
  }

  void on(const child_exited& x) {
    expect(started && !exited, "a child exits once");
    exited = true;
    drained = x.drained;
  }

  void on(const child_finished& x) {
    expect(started, "what finishes was started");
    expect(exited || lost(), "what finishes has exited, or its runner is lost");
    expect(x.drained || !drained, "what was read to the end remains so");
    over = true;
  }

  std::function<bool()> lost;
  bool begun = false;
  bool merged = false;
  bool started = false;
  bool broken = false;
  bool notified = false;
  bool stopped = false;
  bool exited = false;
  bool drained = false;
  bool over = false;
  std::uint64_t granted = 0;
  std::uint64_t output = 0;
  std::uint64_t written = 0;
  std::uint64_t taken = 0;
  std::unordered_set<std::uint64_t> asked;
  /// The output that came, and a copy of its bytes at that time.
  std::vector<std::pair<shared_bytes, std::string>> chunks;
};

watched_session::watched_session(std::unique_ptr<child> x,
                                 std::function<bool()> lost)
  : child_(std::move(x)), story_(std::make_shared<story>(std::move(lost))) {
  // nop
}

bool watched_session::may_ask() const {
  return child_ != nullptr && story_->started;
}

void watched_session::start(stdio_kind kind, std::uint64_t credit) {
  command spec;
  spec.program = "x";
  spec.stdio.kind = kind;
  spec.notification_fd = 3;
  spec.report_stops = true;
  story_->begun = true;
  story_->merged = kind != stdio_kind::pipes;
  story_->granted = credit;
  child_->start(std::move(spec), credit, [story = story_](child_event x) {
    expect(!story->over, "nothing comes behind the last event");
    std::visit([&](auto& y) { story->on(y); }, x);
  });
}

void watched_session::grant(std::uint64_t bytes) {
  if (!may_ask() || bytes == 0)
    return;
  story_->granted += bytes;
  child_->grant(bytes);
}

void watched_session::write(std::size_t size) {
  if (!may_ask())
    return;
  story_->written += size;
  child_->write(std::string(size, static_cast<char>(story_->written)));
}

void watched_session::close_stdin() {
  if (may_ask())
    child_->close_stdin();
}

void watched_session::resize() {
  if (!may_ask())
    return;
  story_->asked.insert(++last_request_);
  child_->resize(last_request_, {});
}

void watched_session::signal(signal_name name) {
  if (!may_ask())
    return;
  story_->asked.insert(++last_request_);
  child_->signal(last_request_, name);
}

void watched_session::terminate() {
  if (may_ask())
    child_->terminate(signal_name::terminate);
}

void watched_session::kill() {
  if (may_ask())
    child_->kill();
}

void watched_session::finish() {
  if (may_ask() && story_->exited)
    child_->finish();
}

void watched_session::abandon() {
  child_ = nullptr;
}

void watched_session::check_end() const {
  expect(!story_->begun || child_ == nullptr || story_->over,
         "what was started gets its last event");
  expect(story_.use_count() == 1, "the sink is dropped");
  for (auto& [bytes, copy] : story_->chunks)
    expect(bytes.text() == copy, "output that was told stays as it is");
}

} // namespace procession::fuzz
