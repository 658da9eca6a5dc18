#include "puppet_child.hpp"

#include "procession/runner/channel/protocol.hpp"

#include "expect.hpp"
#include "procession/runner/parent/runner_connection.hpp"

#include <algorithm>
#include <utility>

namespace procession::fuzz {

std::string output_at(std::int64_t pid, stream_kind stream, std::uint64_t from,
                      std::size_t size) {
  std::string result(size, '\0');
  auto seed = static_cast<std::uint64_t>(pid) * 31
              + static_cast<std::uint64_t>(stream) * 101;
  for (std::size_t i = 0; i < size; ++i)
    // Not a power of two, which pieces of the usual sizes would hide.
    result[i] = static_cast<char>((from + i) % 251 + seed);
  return result;
}

class puppet_child::handle : public child {
public:
  explicit handle(puppet_child& x) : puppet_(x) {
    // nop
  }

  ~handle() override {
    puppet_.destroyed_ = true;
  }

  void start(command spec, std::uint64_t credit, child_sink sink) override {
    expect(puppet_.at_ == state::fresh, "a child is started once");
    expect(!validate(spec), "a command is valid");
    puppet_.at_ = state::starting;
    puppet_.credit_ = credit;
    puppet_.merged_ = spec.stdio.kind != stdio_kind::pipes;
    puppet_.sink_ = std::move(sink);
  }

  void grant(std::uint64_t bytes) override {
    check();
    expect(bytes > 0, "a grant is something");
    puppet_.credit_ += bytes;
  }

  void write(shared_bytes bytes) override {
    check();
    expect(!bytes.empty(), "input is something");
    puppet_.written_ += bytes.size();
    expect(puppet_.broken_
             || puppet_.written_ - puppet_.taken_ <= protocol::input_window,
           "no more input waits than the window allows");
  }

  void close_stdin() override {
    check();
  }

  void resize(std::uint64_t request, terminal_size size) override {
    check();
    expect(!validate(size), "a terminal's size is sound");
    puppet_.ask(request);
  }

  void signal(std::uint64_t request, signal_name name) override {
    check();
    expect(name <= last_signal_name, "a signal has a name");
    puppet_.ask(request);
  }

  void terminate(signal_name) override {
    check();
  }

  void kill() override {
    check();
  }

  void finish() override {
    check();
    expect(puppet_.exited(), "only what has exited is to finish");
  }

private:
  void check() {
    expect(puppet_.started(), "only what was started is asked for anything");
  }

  puppet_child& puppet_;
};

std::unique_ptr<child> puppet_child::make() {
  return std::make_unique<handle>(*this);
}

void puppet_child::ask(std::uint64_t request) {
  asked_.push_back(request);
}

void puppet_child::tell(child_event x) {
  if (sink_)
    sink_(std::move(x));
}

void puppet_child::start() {
  if (at_ != state::starting)
    return;
  at_ = state::running;
  tell(child_started{pid_, containment_kind::cgroup});
}

void puppet_child::fail_to_start() {
  if (at_ != state::starting)
    return;
  at_ = state::failed;
  tell(child_start_failed{
    {errc::program_not_found, {stage::exec, 2, "there is none"}}});
}

void puppet_child::output(stream_kind stream, std::size_t size) {
  size = std::min<std::uint64_t>(size, credit_);
  if (!started() || finished() || drained_ || size == 0)
    return;
  if (merged_)
    stream = stream_kind::out;
  credit_ -= size;
  auto& produced = produced_[static_cast<std::size_t>(stream)];
  auto bytes = output_at(pid_, stream, produced, size);
  produced += size;
  tell(child_output{stream, shared_bytes{std::move(bytes)}});
}

void puppet_child::take_input(std::uint64_t bytes) {
  bytes = std::min(bytes, written_ - taken_);
  if (!started() || finished() || broken_ || bytes == 0)
    return;
  taken_ += bytes;
  tell(child_stdin_taken{bytes});
}

void puppet_child::refuse_input(std::uint64_t bytes) {
  bytes = std::min(bytes, written_ - taken_);
  if (!started() || finished() || broken_ || bytes == 0)
    return;
  taken_ += bytes;
  tell(child_stdin_refused{
    bytes, {errc::line_too_long, {stage::run, 0, "the line is too long"}}});
}

void puppet_child::stop_or_go_on() {
  if (!started() || exited())
    return;
  stopped_ = !stopped_;
  if (stopped_)
    tell(child_stopped{19});
  else
    tell(child_continued{});
}

void puppet_child::break_input() {
  if (!started() || finished() || std::exchange(broken_, true))
    return;
  tell(child_stdin_broken{
    {errc::stdin_closed, {stage::run, 32, "nobody reads it"}}});
}

void puppet_child::notify() {
  if (!started() || exited() || std::exchange(notified_, true))
    return;
  tell(child_notified{});
}

void puppet_child::answer() {
  if (!started() || finished() || asked_.empty())
    return;
  auto request = asked_.front();
  asked_.pop_front();
  ++answers_[request];
  tell(child_answered{request, true, {}});
}

void puppet_child::exit(bool drained) {
  if (at_ != state::running)
    return;
  at_ = state::exited;
  drained_ = drained;
  before_exit_ = produced_;
  tell(child_exited{{}, drained});
}

void puppet_child::finish(bool drained) {
  if (at_ != state::exited)
    return;
  at_ = state::over;
  drained_ = drained_ || drained;
  tell(child_finished{drained_});
}

std::unique_ptr<child> puppet_factory::make_child() {
  auto alive = std::count_if(puppets.begin(), puppets.end(),
                             [](auto& x) { return !x->destroyed(); });
  expect(static_cast<std::size_t>(alive) < limit_,
         "no more sessions live than the host allows");
  auto pid = static_cast<std::int64_t>(puppets.size()) + 1;
  puppets.push_back(std::make_unique<puppet_child>(pid));
  return puppets.back()->make();
}

} // namespace procession::fuzz
