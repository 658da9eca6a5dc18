// Remote spawner: sessions in another process, over CAF's own network layer.
//
//   remote_spawner --serve          publishes a spawner on a port of the
//                                   loopback interface and prints the number;
//                                   at the end of its input it ends its
//                                   sessions, each with its grace, and itself
//   remote_spawner --connect PORT   runs a command there and prints its output
//   remote_spawner                  does both: starts a server, visits it twice
//                                   and stops it, then kills another one; exits
//                                   with 1 unless all went as it prints
//
// A session in another process is a remote actor with the same messages: the
// client's code would work on a local session as well. This network protects
// nothing; docs/nodes.md says when to use it. An outside project links CAF::io
// in addition to procession::procession.
#include <procession/actors/process_handle.hpp>
#include <procession/actors/spawner.hpp>
#include <procession/messages/config.hpp>
#include <procession/platform/runtime.hpp>

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
namespace ps = procession;

namespace {

/// Only programs on this machine can reach it, but those of every user.
constexpr auto loopback = "127.0.0.1";

/// Longer than anything takes here unless something is wrong.
constexpr auto patience = 20s;

/// The configuration of both ends. `ps::config` registers our message types
/// with CAF, so that they can be sent over the network.
class node_config : public ps::config {
public:
  node_config() {
    ps::load_module<caf::io::middleman>(*this);
    // The workers that deserialize messages lose one now and then (CAF 0.17.6).
    set(ps::caf_option::deserializer_threads, std::size_t{0});
    // Both are off by default. Then a peer that is frozen, or whose machine is
    // gone, is never noticed.
    set(ps::caf_option::heartbeat_interval, caf::timespan{2s});
    set(ps::caf_option::connection_timeout, caf::timespan{10s});
  }
};

void check(bool as_promised, const char* what) {
  if (!as_promised)
    throw std::runtime_error(what);
}

[[noreturn]] void fail(const caf::error& why) {
  throw std::runtime_error(ps::describe(why));
}

// -- the server ---------------------------------------------------------------

int serve() {
  ps::runtime runtime;
  node_config config;
  caf::actor_system system{config};
  auto sessions = ps::make_spawner(system, runtime);
  // 0: a port that is free.
  auto port = system.middleman().publish(sessions, 0, loopback);
  if (!port)
    fail(port.error());
  std::cout << *port << std::endl;
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  // No new client gets in; then every session ends, with the grace of its
  // command.
  system.middleman().unpublish(sessions, *port);
  caf::scoped_actor self{system};
  self->request(sessions, caf::infinite, ps::terminate_atom_v)
    .receive([] {}, [](const caf::error& why) { fail(why); });
  self->send_exit(sessions, caf::exit_reason::user_shutdown);
  return EXIT_SUCCESS;
}

// -- the client ---------------------------------------------------------------

/// The events that a subscriber has received from a session.
struct received {
  std::string out;
  std::string err;
  ps::exit_status status;
  bool is_closed = false;
};

/// A client of a server's sessions. The sessions stay when it goes, since they
/// belong to the spawner; by default they would belong to the client.
class client {
public:
  explicit client(std::uint16_t port) {
    // `middleman().remote_actor` does the same but may block for ever, if the
    // peer accepts the connection and then stays silent.
    self_
      ->request(system_.middleman().actor_handle(), patience,
                caf::connect_atom_v, std::string{loopback}, port)
      .receive(
        [&](const caf::node_id&, const caf::strong_actor_ptr& found,
            const std::set<std::string>& messages) {
          check(found
                  && system_.assignable(messages,
                                        system_.message_types<ps::spawner>()),
                "what is published there is not a spawner");
          sessions_ = caf::actor_cast<ps::spawner>(found);
        },
        [](const caf::error& why) { fail(why); });
  }

  ps::session spawn(const ps::command& what) {
    return ask<ps::session>(sessions_, ps::spawn_atom_v, what);
  }

  ps::session find(const ps::session_id& id) {
    return ask<ps::session>(sessions_, ps::find_atom_v, id);
  }

  /// Subscribes from the beginning of the retained output: replay and live
  /// output are one stream.
  void subscribe(const ps::session& to, std::uint64_t window = 256 * 1024) {
    ps::subscription terms;
    terms.window = window;
    self_->request(to, patience, ps::subscribe_atom_v, terms)
      .receive([] {}, [](const caf::error& why) { fail(why); });
    // A lost server sends nothing any more, not even `closed`.
    self_->monitor(to);
  }

  void write(const ps::session& to, const char* text) {
    ask<std::uint64_t>(to, ps::write_atom_v, ps::shared_bytes{text});
  }

  /// Receives events until there is that much output, or the session is closed.
  void receive(received& x, std::size_t out, std::size_t err) {
    while (!x.is_closed && (x.out.size() < out || x.err.size() < err))
      self_->receive(
        [](const ps::started&) {},
        [&](const ps::output& y) {
          (y.stream == ps::stream_kind::out ? x.out : x.err) += y.bytes.text();
          // Unacknowledged output counts against our window, so the bytes on
          // their way to us are bounded, wherever they wait.
          self_->send(caf::actor_cast<ps::session>(self_->current_sender()),
                      ps::ack_atom_v, y.bytes.size());
        },
        [&](const ps::gap&) { check(false, "output is missing"); },
        [&](const ps::exited& y) { x.status = y.status; },
        [&](const ps::closed&) { x.is_closed = true; },
        [&](const caf::down_msg& down) { fail(down.reason); },
        caf::after(patience) >> [] { check(false, "nothing comes any more"); });
  }

  void receive_all(received& x) {
    receive(x, std::numeric_limits<std::size_t>::max(), 0);
  }

  /// Waits until the session is lost with its server. @returns the reason.
  caf::error await_loss() {
    caf::error result;
    self_->receive([&](caf::down_msg& x) { result = std::move(x.reason); },
                   caf::after(patience) >>
                     [] { check(false, "nobody noticed the loss"); });
    return result;
  }

private:
  template <class T, class Handle, class... Ts>
  T ask(const Handle& whom, Ts... request) {
    T result{};
    self_->request(whom, patience, std::move(request)...)
      .receive([&](T& x) { result = std::move(x); },
               [](const caf::error& why) { fail(why); });
    return result;
  }

  node_config config_;
  caf::actor_system system_{config_};
  caf::scoped_actor self_{system_};
  ps::spawner sessions_;
};

ps::command shell(const char* script) {
  ps::command result;
  result.program = "sh";
  result.args = {"-c", script};
  result.stdio = ps::pipes();
  // The session outlives its client.
  result.owner = ps::ownership::spawner;
  return result;
}

int connect(std::uint16_t port) {
  client here{port};
  here.subscribe(here.spawn(shell("echo \"hello from below process $PPID\"")));
  received all;
  here.receive_all(all);
  std::cout << all.out;
  std::cerr << all.err;
  return static_cast<int>(ps::shell_code(all.status));
}

// -- both ---------------------------------------------------------------------

/// A server in a process of its own. Here that is a session, too, so that it
/// ends with us.
class server {
public:
  explicit server(const ps::spawner& where) {
    auto made = ps::spawn_process(where, {.program = "/proc/self/exe",
                                          .args = {"--serve"},
                                          .argv0 = "remote_spawner"});
    if (!made)
      fail(made.error());
    it_ = std::move(*made);
    std::string line;
    while (line.find('\n') == std::string::npos) {
      auto chunk = it_.output.next(patience);
      check(chunk && *chunk, "the server did not start");
      line += (*chunk)->bytes.text();
    }
    port_ = static_cast<std::uint16_t>(std::stoi(line));
  }

  std::uint16_t port() const {
    return port_;
  }

  ps::exit_status stop() {
    it_.process.close_stdin();
    auto result = it_.process.wait(patience);
    return result ? *result : throw std::runtime_error("the server goes on");
  }

  void kill() {
    it_.process.signal(ps::signal_name::kill);
  }

private:
  ps::spawned_process it_;
  std::uint16_t port_ = 0;
};

void visit_twice(server& there) {
  {
    client first{there.port()};
    auto talk = shell("echo one; echo two >&2; read line; "
                      "echo \"you said $line\"; exit 3");
    talk.id = "talk";
    auto session = first.spawn(talk);
    first.subscribe(session);
    received all;
    first.receive(all, 4, 4);
    std::cout
      << "a client started 'talk', read \"one\" and \"two\", and went\n";
  }
  client second{there.port()};
  auto session = second.find("talk");
  second.subscribe(session);
  received all;
  // This output came before the second client existed.
  second.receive(all, 4, 4);
  second.write(session, "hello\n");
  second.receive_all(all);
  check(all.out == "one\nyou said hello\n" && all.err == "two\n",
        "the second client should have had all of it");
  check(all.status.code == 3, "the exit status should have come along");
  std::cout << "another one found it, had all of it again, and went on: "
            << ps::to_string(all.status) << '\n';

  received flood;
  constexpr std::size_t size = 32 * 1024 * 1024;
  auto zeros = shell("head -c 33554432 /dev/zero");
  // The session waits for a subscriber instead of dropping unseen output.
  zeros.unsubscribed = ps::unsubscribed_policy::pause;
  second.subscribe(second.spawn(zeros));
  second.receive_all(flood);
  check(flood.out.size() == size, "bytes are missing");
  std::cout << "32 MiB came, never more than 256 KiB of them on their way\n";
}

int both() {
  ps::runtime runtime;
  ps::config config;
  caf::actor_system system{config};
  auto here = ps::make_spawner(system, runtime);
  server first{here};
  std::cout << "a server listens on " << loopback << ':' << first.port()
            << '\n';
  visit_twice(first);
  check(ps::success(first.stop()), "the server should have ended in order");
  std::cout << "it has ended in order\n";

  server second{here};
  client visitor{second.port()};
  visitor.subscribe(visitor.spawn(shell("exec sleep 1000")));
  second.kill();
  auto why = visitor.await_loss();
  std::cout << "another server was killed; its client was told: "
            << ps::describe(why) << '\n';
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
  auto usage = [] {
    std::cerr << "Usage: remote_spawner [--serve | --connect PORT]\n";
    return 2;
  };
  try {
    auto mode = std::string_view{argc > 1 ? argv[1] : ""};
    if (argc == 1)
      return both();
    if (argc == 2 && mode == "--serve")
      return serve();
    if (argc == 3 && mode == "--connect")
      return connect(static_cast<std::uint16_t>(std::stoi(argv[2])));
    return usage();
  } catch (const std::exception& x) {
    std::cerr << "remote_spawner: " << x.what() << '\n';
    return EXIT_FAILURE;
  }
}
