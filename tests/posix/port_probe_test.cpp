// Whether the port that a probe connects to belongs to the session.
#include "procession/actors/spawner.hpp"
#include "procession/actors/supervisor.hpp"
#include "procession/messages/config.hpp"
#include "procession/platform/posix/fd.hpp"
#include "procession/platform/posix/listener_search.hpp"

#include <catch2/catch.hpp>

#include <caf/actor_system.hpp>
#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

using namespace procession;
using namespace std::chrono_literals;
using boost::asio::ip::tcp;

namespace {

/// A test that gets this far has failed.
constexpr auto long_enough = 60s;

/// A server of this process, outside of any session.
class foreign_server {
public:
  foreign_server() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* at = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(fd_.get(), at, size) == 0);
    REQUIRE(::listen(fd_.get(), 128) == 0);
    REQUIRE(::getsockname(fd_.get(), at, &size) == 0);
    port = ntohs(address.sin_port);
  }

  std::uint16_t port = 0;

private:
  posix::unique_fd fd_;
};

command shell(const std::string& script) {
  command result;
  result.program = "sh";
  result.args = {"-c", script};
  result.stdio = pipes(stdin_kind::null);
  return result;
}

/// Returns a program that listens on a free port, prints the number, and
/// sleeps.
/// @param before code that it runs first.
std::string server(const std::string& family, const std::string& address,
                   const std::string& before = "") {
  return "python3 -I -c 'import ctypes, os, socket, time; " + before
         + "s = socket.socket(socket." + family + "); s.bind((\"" + address
         + "\", 0)); s.listen(); print(s.getsockname()[1], flush=True); "
           "time.sleep(1000)'";
}

/// Sessions, and the answers of probes about them.
struct sessions_here {
  explicit sessions_here(containment_kind kind) : rt({kind}) {
    // nop
  }

  /// Starts a session that prints the number of a port.
  std::uint16_t start(const command& what) {
    std::string out;
    self->request(sessions, long_enough, spawn_atom_v, what, subscription{})
      .receive([&](session& x) { hdl = std::move(x); },
               [&](caf::error& x) { FAIL(describe(x)); });
    while (out.find('\n') == std::string::npos)
      self->receive([](const started&) {},
                    [&](const output& x) { out += x.bytes.text(); },
                    [&](const exited& x) { FAIL(to_string(x)); },
                    caf::after(long_enough) >> [] { FAIL("it says nothing"); });
    return static_cast<std::uint16_t>(std::stoi(out));
  }

  session_info info() {
    session_info result;
    self->request(hdl, long_enough, info_atom_v)
      .receive([&](session_info& x) { result = std::move(x); },
               [&](caf::error& x) { FAIL(describe(x)); });
    return result;
  }

  /// Returns why the session does not listen there; empty if it does.
  std::string why_not(std::uint16_t port,
                      const std::string& address = "127.0.0.1",
                      port_owner owner = port_owner::session) {
    return why_not(info(), port, address, owner);
  }

  std::string why_not(const session_info& who, std::uint16_t port,
                      const std::string& address = "127.0.0.1",
                      port_owner owner = port_owner::session) {
    std::promise<std::optional<failure>> said;
    rt.port_probe(port, address, owner)(who, [&](std::optional<failure> x) {
      said.set_value(std::move(x));
    });
    auto result = said.get_future();
    REQUIRE(result.wait_for(long_enough) == std::future_status::ready);
    auto bad = result.get();
    return bad ? bad->detail.text : "";
  }

  runtime rt;
  config cfg;
  caf::actor_system sys{cfg};
  spawner sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  session hdl;
};

const auto foreign = std::string{
  "another process listens there, not one of the session"};

containment_kind each_containment() {
  return GENERATE(containment_kind::unknown, containment_kind::marker);
}

std::vector<std::uint64_t> inodes(std::string_view tcp, std::string_view tcp6,
                                  const char* address, std::uint16_t port) {
  std::vector<std::uint64_t> result;
  auto to = tcp::endpoint{boost::asio::ip::make_address(address), port};
  for (auto& x : posix::find_listeners(tcp, tcp6, to))
    result.push_back(x.inode);
  return result;
}

} // namespace

TEST_CASE("the listening process is read from the tables of the kernel",
          "[supervision]") {
  // As a little-endian machine prints them.
  std::string_view tcp
    = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
      "retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 "
      "00000000  1000        0 11 1 0000000000000000 100 0 0 10 0\n"
      "   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 "
      "00000000     0        0 12 1 0000000000000000 100 0 0 10 0\n"
      "   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 "
      "00000000     0        0 13 1 0000000000000000 100 0 0 10 0\n"
      "   3: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 "
      "00000000     0        0 14 1 0000000000000000 100 0 0 10 0\n"
      "   4: 0100007F:1F91 0100007F:C350 01 00000000:00000000 00:00000000 "
      "00000000  1000        0 15 1 0000000000000000 20 4 30 10 -1\n";
  std::string_view tcp6
    = "  sl  local_address                         remote_address            "
      "            st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 00000000000000000000000000000000:1F91 "
      "00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 "
      "00000000  1000        0 21 1 0000000000000000 100 0 0 10 0\n"
      "   1: 00000000000000000000000001000000:0050 "
      "00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 "
      "00000000  1000        0 22 1 0000000000000000 100 0 0 10 0";
  using list = std::vector<std::uint64_t>;
  CHECK(inodes(tcp, tcp6, "127.0.0.1", 8080) == list{11});
  CHECK(inodes(tcp, tcp6, "127.0.0.2", 8080) == list{12});
  // They share the port.
  CHECK(inodes(tcp, tcp6, "127.0.0.1", 80) == list{13, 14});
  CHECK(inodes(tcp, tcp6, "::1", 80) == list{22});
  // One socket of that port is a connection, which does not listen.
  CHECK(inodes(tcp, tcp6, "127.0.0.1", 8081) == list{21});
  CHECK(inodes(tcp, tcp6, "::1", 8081) == list{21});
  CHECK(inodes(tcp, tcp6, "::1", 8080).empty());
  CHECK(inodes("", "", "127.0.0.1", 8080).empty());
  CHECK(inodes("nonsense\n\n 1: 2:3", "\n", "127.0.0.1", 3).empty());
}

TEST_CASE("a session is ready when a process of it listens", "[supervision]") {
  sessions_here x{each_containment()};
  SECTION("the one that was started") {
    auto port = x.start(shell("exec " + server("AF_INET", "127.0.0.1")));
    CHECK(x.why_not(port) == "");
  }
  SECTION("a grandchild on every address") {
    auto port = x.start(shell("(" + server("AF_INET", "") + ") & wait"));
    CHECK(x.why_not(port) == "");
    CHECK(x.why_not(port, "127.0.0.9") == "");
  }
  SECTION("one that went to a session of its own without its environment") {
    auto port = x.start(shell("env -i PATH=\"$PATH\" setsid "
                              + server("AF_INET", "127.0.0.1") + " & wait"));
    CHECK(x.why_not(port) == "");
  }
  SECTION("by IPv6") {
    if (::access("/proc/net/if_inet6", R_OK) != 0) {
      WARN("skipped here: there is no IPv6");
      return;
    }
    auto port = x.start(shell("exec " + server("AF_INET6", "::")));
    // It accepts IPv4 connections as well.
    CHECK(x.why_not(port) == "");
    if (x.why_not(port, "::1", port_owner::anybody).empty())
      CHECK(x.why_not(port, "::1") == "");
  }
}

TEST_CASE("a port that another process holds does not make a session ready",
          "[supervision]") {
  sessions_here x{each_containment()};
  foreign_server other;
  SECTION("unless anybody is good enough") {
    x.start(shell("echo 0; exec sleep 1000"));
    CHECK(x.why_not(other.port) == foreign);
    CHECK(x.why_not(other.port, "127.0.0.1", port_owner::anybody) == "");
  }
  SECTION("also if the session listens elsewhere") {
    auto port = x.start(shell("exec " + server("AF_INET", "127.0.0.1")));
    CHECK(x.why_not(other.port) == foreign);
    CHECK(x.why_not(port) == "");
  }
  SECTION("also if it is another session") {
    auto port = x.start(shell("exec " + server("AF_INET", "127.0.0.1")));
    auto first = x.info();
    x.start(shell("echo 0; exec sleep 1000"));
    CHECK(x.why_not(port) == foreign);
    CHECK(x.why_not(first, port) == "");
  }
}

TEST_CASE(
  "a process that may not be looked into holds what its user listens on",
  "[supervision]") {
  if (::geteuid() == 0) {
    WARN("skipped here: root may look into every process");
    return;
  }
  sessions_here x{each_containment()};
  // PR_SET_DUMPABLE
  auto port = x.start(
    shell("exec "
          + server("AF_INET", "127.0.0.1", "ctypes.CDLL(None).prctl(4, 0); ")));
  CHECK(x.why_not(port) == "");
}

TEST_CASE("a session that does not run here cannot be checked for listening",
          "[supervision]") {
  sessions_here x{containment_kind::unknown};
  foreign_server other;
  session_info far;
  far.pid = ::getpid();
  CHECK(x.why_not(far, other.port)
        == "process " + std::to_string(::getpid())
             + " is not one that this program runs here");
  CHECK(x.why_not(far, other.port, "127.0.0.1", port_owner::anybody) == "");
}

TEST_CASE("a supervisor relies on a server when that itself listens",
          "[supervision]") {
  sessions_here x{each_containment()};
  foreign_server other;
  auto start = [&](const command& what, std::uint16_t port,
                   caf::timespan within) {
    auto spec = session_child("server", x.sessions, what,
                              ready_probe{x.rt.port_probe(port)});
    spec.ready_within = within;
    auto made = make_supervisor(x.sys, {spec});
    REQUIRE(made);
    return *made;
  };
  SECTION("not when its port is another's: then its time runs out") {
    auto boss = start(shell("exec sleep 1000"), other.port, 2s);
    caf::error why;
    x.self->request(boss, long_enough, wait_atom_v)
      .receive([](child_list&) { FAIL("it is not ready"); },
               [&](caf::error& bad) { why = std::move(bad); });
    CHECK(is(why, errc::deadline_passed));
    CHECK(describe(why).find(foreign) != std::string::npos);
  }
  SECTION("when a process below it has the port") {
    std::uint16_t port = 0;
    {
      foreign_server free_soon;
      port = free_soon.port;
    }
    auto boss = start(shell("(python3 -m http.server --bind 127.0.0.1 "
                            + std::to_string(port) + " >&2) & wait"),
                      port, long_enough);
    x.self->request(boss, long_enough, wait_atom_v)
      .receive(
        [](child_list& all) {
          REQUIRE(all.size() == 1);
          CHECK(all[0].state == child_state::running);
        },
        [&](caf::error& bad) { FAIL(describe(bad)); });
    x.self->request(boss, long_enough, stop_atom_v)
      .receive([] {}, [&](caf::error& bad) { FAIL(describe(bad)); });
  }
}

TEST_CASE("a probe of a runtime that has ended finds nothing and does no harm",
          "[supervision]") {
  auto rt = std::make_unique<runtime>();
  auto look = rt->port_probe(80);
  rt.reset();
  look({}, [](const std::optional<failure>&) { FAIL("nobody can tell"); });
}
