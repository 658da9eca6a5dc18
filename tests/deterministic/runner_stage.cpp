#include "runner_stage.hpp"

#include <algorithm>
#include <utility>

namespace procession::test {

// -- paper_process ------------------------------------------------------------

void paper_process::script::tell(runner_event x) {
  work.post([to = to, x = std::move(x)] {
    if (to)
      to(x);
  });
}

void paper_process::script::launched() {
  tell(runner_launched{4711});
}

void paper_process::script::connected(std::shared_ptr<duplex> stream) {
  tell(runner_connected{std::move(stream)});
}

void paper_process::script::exits(exit_status status) {
  if (std::exchange(gone, true))
    return;
  tell(runner_exited{status});
  tell(runner_gone{});
}

paper_process::~paper_process() {
  kill();
  script_->to = nullptr;
}

void paper_process::start(sink to) {
  script_->to = std::move(to);
}

void paper_process::kill() {
  script_->killed = true;
  script_->exits(by_signal(9));
}

// -- frames -------------------------------------------------------------------

namespace {

frame_header header_of(std::string_view bytes) {
  return decode(std::span<const std::byte, frame_header_size>{
    reinterpret_cast<const std::byte*>(bytes.data()), frame_header_size});
}

} // namespace

std::size_t first_frame(std::string_view bytes) {
  if (bytes.size() < frame_header_size)
    return 0;
  auto size = frame_header_size + header_of(bytes).length;
  return size <= bytes.size() ? size : 0;
}

std::vector<std::string> frames_in(std::string_view bytes) {
  std::vector<std::string> result;
  while (auto size = first_frame(bytes)) {
    auto header = header_of(bytes);
    auto line = to_string(header.type);
    if (header.session != 0)
      line += " of " + std::to_string(header.session);
    result.push_back(std::move(line));
    bytes.remove_prefix(size);
  }
  return result;
}

std::string in_words(const child_event& x) {
  struct {
    std::string operator()(const child_started&) {
      return "started";
    }
    std::string operator()(const child_start_failed& x) {
      return "start failed: " + to_string(x.why.code);
    }
    std::string operator()(const child_output& x) {
      return to_string(x.stream) + " " + std::string{x.bytes.text()};
    }
    std::string operator()(const child_stdin_taken& x) {
      return "taken " + std::to_string(x.bytes);
    }
    std::string operator()(const child_stdin_broken&) {
      return "broken";
    }
    std::string operator()(const child_answered& x) {
      return "answered " + std::to_string(x.request);
    }
    std::string operator()(const child_exited&) {
      return "exited";
    }
    std::string operator()(const child_finished& x) {
      return x.drained ? "finished" : "finished, not drained";
    }
  } visitor;
  return std::visit(visitor, x);
}

// -- link_alone ---------------------------------------------------------------

link_alone::link_alone(runner_options options)
  : channel(work),
    process(std::make_shared<paper_process::script>(
      paper_process::script{work, nullptr, false, false})) {
  // The queue belongs to us, who outlive the link.
  auto queue = std::shared_ptr<work_queue>{std::shared_ptr<void>{}, &work};
  link = runner_link::make(queue, std::move(options), nonce);
  link->start(std::make_unique<paper_process>(process),
              [this](const runner_info& x) { told.push_back(x); });
}

link_alone::~link_alone() {
  process->exits({});
  work.advance(std::chrono::minutes{1});
  CHECK(info().state == runner_state::down);
  std::weak_ptr<runner_link> last = link;
  link = nullptr;
  work.run();
  CHECK(last.expired());
}

void link_alone::bring_up() {
  process->launched();
  process->connected(channel.end(side::left));
  work.run();
  protocol::hello hello;
  hello.nonce = nonce;
  hello.pid = 4711;
  hello.user = "runner";
  say(frame_type::hello, 0, hello);
  REQUIRE(info().state == runner_state::up);
  CHECK(take_sent() == lines{"hello"});
}

void link_alone::say_raw(frame_type type, std::uint64_t session,
                         const std::string& body, std::uint16_t flags) {
  frame_header header;
  header.length = static_cast<std::uint32_t>(body.size());
  header.type = type;
  header.flags = flags;
  header.session = session;
  header.sequence = ++sequence_;
  auto bytes = encode(header);
  channel.inject(side::left,
                 std::string{reinterpret_cast<const char*>(bytes.data()),
                             bytes.size()}
                   + body);
  work.run();
}

std::vector<std::string> link_alone::take_sent() {
  work.run();
  return frames_in(channel.take(side::right));
}

std::unique_ptr<child> link_alone::start(std::vector<std::string>& events,
                                         std::uint64_t credit,
                                         stdio_kind kind) {
  auto result = make_children(link)->make_child();
  auto spec = cat();
  spec.stdio.kind = kind;
  result->start(spec, credit, [&events](child_event x) {
    events.push_back(in_words(x));
  });
  work.run();
  return result;
}

} // namespace procession::test
