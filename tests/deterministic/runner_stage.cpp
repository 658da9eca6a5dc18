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
  if (auto f = std::exchange(script_->on_kill, nullptr))
    f();
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
    std::string operator()(const child_stdin_refused& x) {
      return "refused " + std::to_string(x.bytes);
    }
    std::string operator()(const child_stopped& x) {
      return "stopped by " + std::to_string(x.signal);
    }
    std::string operator()(const child_continued&) {
      return "continued";
    }
    std::string operator()(const child_stdin_broken&) {
      return "broken";
    }
    std::string operator()(const child_notified&) {
      return "notified";
    }
    std::string operator()(const child_answered& x) {
      return "answered " + std::to_string(x.request);
    }
    std::string operator()(const child_exited&) {
      return "exited";
    }
    std::string operator()(const child_finished& x) {
      auto rest = to_string(x.rest);
      return std::string{x.drained ? "finished" : "finished, not drained"}
             + (rest.empty() ? "" : ", ") + rest;
    }
  } visitor;
  return std::visit(visitor, x);
}

// -- far_theatre --------------------------------------------------------------

/// Plays the part of the platform.
class far_theatre::port : public runner_port {
public:
  explicit port(far_theatre& x) : stage_(x) {
    // nop
  }

  std::shared_ptr<executor> work() override {
    // The stage owns it.
    return {std::shared_ptr<void>{}, &stage_.work};
  }

  std::unique_ptr<runner_process> make_process(const runner_options&,
                                               std::string nonce) override {
    auto& x = stage_;
    if (++x.launches > 1) {
      CHECK(x.process->gone);
      x.channel.emplace(x.work);
      x.process = std::make_shared<paper_process::script>(
        paper_process::script{x.work, nullptr});
    }
    if (x.no_launch) {
      x.work.post([&x, script = x.process] {
        script->gone = true;
        script->tell(runner_launch_failed{*x.no_launch});
      });
      return std::make_unique<paper_process>(x.process);
    }
    runner_host_options options;
    options.identity = {4711, "runner", std::move(nonce)};
    x.host = std::make_unique<runner_host>(work(), x.scripts, options,
                                           [&x](const failure& why) {
                                             x.host_ends.push_back(why);
                                             if (!x.lingers)
                                               x.process->exits({});
                                           });
    x.process->on_kill = [&x] {
      x.work.post([last = std::shared_ptr<runner_host>{std::move(x.host)}] {});
      x.channel->end(side::right)->close();
    };
    x.work.post([&x] {
      x.process->launched();
      x.process->connected(x.channel->end(side::left));
      x.host->start(x.channel->end(side::right));
    });
    return std::make_unique<paper_process>(x.process);
  }

  std::string make_nonce() override {
    return "secret";
  }

private:
  far_theatre& stage_;
};

far_theatre::far_theatre(runner_options options)
  : channel(std::in_place, work), scripts(std::make_shared<scripted_factory>()),
    process(std::make_shared<paper_process::script>(
      paper_process::script{work, nullptr})),
    t(
      scripts,
      [=, this](caf::actor_system& sys) {
        auto node = start_runner(sys, std::make_shared<port>(*this), options);
        hdl = node.actor();
        return node.children();
      },
      [this] { return work.run() > 0; }) {
  // nop
}

far_theatre::~far_theatre() {
  channel->flow(side::left);
  channel->flow(side::right);
  hdl = nullptr;
  caf::anon_send_exit(t.where, caf::exit_reason::user_shutdown);
  t.where = nullptr;
  t.run();
  advance(60s);
  CHECK(runner_gone());
  host.reset();
}

void far_theatre::kill_runner() {
  process->exits(by_signal(9));
  if (auto f = std::exchange(process->on_kill, nullptr))
    f();
  t.run();
}

void far_theatre::advance(std::chrono::seconds by) {
  for (auto i = by; i > 0s; i -= 1s) {
    t.advance(1s);
    work.advance(1s);
    t.run();
  }
}

// -- connection_alone ---------------------------------------------------------

connection_alone::connection_alone(runner_options options)
  : channel(work), process(std::make_shared<paper_process::script>(
                     paper_process::script{work, nullptr})) {
  // The executor is a member and outlives the connection.
  auto shared = std::shared_ptr<executor>{std::shared_ptr<void>{}, &work};
  connection = runner_connection::make(shared, std::move(options), nonce,
                                       [this](const runner_info& x) {
                                         told.push_back(x);
                                       });
  connection->start(std::make_unique<paper_process>(process));
}

connection_alone::~connection_alone() {
  process->exits({});
  work.advance(std::chrono::minutes{1});
  CHECK(info().state == runner_state::down);
  std::weak_ptr<runner_connection> last = connection;
  connection = nullptr;
  work.run();
  CHECK(last.expired());
}

void connection_alone::bring_up() {
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

void connection_alone::say_raw(frame_type type, std::uint64_t session,
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

std::vector<std::string> connection_alone::take_sent() {
  work.run();
  return frames_in(channel.take(side::right));
}

std::unique_ptr<child>
connection_alone::start(std::vector<std::string>& events, std::uint64_t credit,
                        stdio_kind kind, std::int32_t notification_fd) {
  auto shared = std::shared_ptr<executor>{std::shared_ptr<void>{}, &work};
  auto result = make_children(shared, [this] {
                  return connection;
                })->make_child();
  auto spec = cat();
  spec.stdio.kind = kind;
  spec.notification_fd = notification_fd;
  spec.report_stops = true;
  result->start(spec, credit,
                [&events](child_event x) { events.push_back(in_words(x)); });
  work.run();
  return result;
}

} // namespace procession::test
