#include "procession/platform/posix/listener_search.hpp"

#include "procession/io/reactor/port_probe.hpp"
#include "procession/platform/posix/cgroup_place.hpp"
#include "procession/platform/posix/process.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace procession::posix {

namespace {

using boost::asio::ip::address_v6;
using boost::asio::ip::tcp;

/// TCP_LISTEN of the kernel (include/net/tcp_states.h).
constexpr unsigned listening = 10;

failure not_there(std::string text, int os_code = 0) {
  return {errc::request_failed, {stage::ready, os_code, std::move(text)}};
}

/// Parses words of 32 bits in hexadecimal digits. Each word is in network order
/// and was printed as the machine reads it: one is an IPv4 address, four are an
/// IPv6 one.
std::optional<address_v6> parse_address(std::string_view digits) {
  address_v6::bytes_type bytes{};
  auto at = bytes.size();
  if (digits.size() == 8)
    bytes[10] = bytes[11] = 0xff;
  else if (digits.size() != 32)
    return std::nullopt;
  at -= digits.size() / 2;
  for (; !digits.empty(); digits.remove_prefix(8), at += 4) {
    auto word = static_cast<std::uint32_t>(
      std::strtoul(std::string{digits.substr(0, 8)}.c_str(), nullptr, 16));
    std::memcpy(bytes.data() + at, &word, sizeof(word));
  }
  return address_v6{bytes};
}

/// The closest matches so far.
struct best_fit {
  int closeness = 3;
  std::vector<listening_socket> sockets;

  void add(int how_close, const listening_socket& x) {
    if (how_close > closeness)
      return;
    if (how_close < closeness)
      sockets.clear();
    closeness = how_close;
    sockets.push_back(x);
  }
};

/// Reads one line of the table (proc_pid_net(5)); the first one names the
/// columns.
void look_at(const std::string& line, const tcp::endpoint& to, best_fit& best) {
  char digits[33] = {};
  unsigned port = 0;
  unsigned state = 0;
  unsigned owner = 0;
  unsigned long long inode = 0;
  auto n = std::sscanf(line.c_str(),
                       " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x "
                       "%*x:%*x %*x %u %*u %llu",
                       digits, &port, &state, &owner, &inode);
  if (n != 5 || state != listening || port != to.port())
    return;
  auto bound_to = parse_address(digits);
  if (!bound_to)
    return;
  if (auto how_close = closeness(*bound_to, to.address()))
    best.add(*how_close, {inode, owner});
}

enum class held {
  yes,
  no,
  /// We may not look into the process.
  hidden,
  /// We have no descriptor left for that.
  unknown
};

/// Whether a process has one of the sockets among its descriptors.
held holds(pid_t pid, const std::vector<listening_socket>& sockets) {
  auto path = "/proc/" + std::to_string(pid) + "/fd";
  auto* directory = ::opendir(path.c_str());
  if (directory == nullptr) {
    if (no_descriptor_left(errno))
      return held::unknown;
    return errno == EACCES || errno == EPERM ? held::hidden : held::no;
  }
  auto result = held::no;
  while (auto* entry = result == held::yes ? nullptr : ::readdir(directory)) {
    char target[64] = {};
    auto n = ::readlinkat(::dirfd(directory), entry->d_name, target,
                          sizeof(target) - 1);
    if (n < 0 && (errno == EACCES || errno == EPERM))
      result = held::hidden;
    unsigned long long inode = 0;
    if (n < 0 || std::sscanf(target, "socket:[%llu]", &inode) != 1)
      continue;
    if (std::any_of(sockets.begin(), sockets.end(),
                    [inode](auto& x) { return x.inode == inode; }))
      result = held::yes;
  }
  ::closedir(directory);
  return result;
}

/// Whether the process has the user that created one of the sockets.
bool of_an_owner(pid_t pid, const std::vector<listening_socket>& sockets) {
  auto text = read_text("/proc/" + std::to_string(pid) + "/status");
  auto at = text.find("\nUid:");
  unsigned ids[4] = {};
  if (at == std::string::npos
      || std::sscanf(text.c_str() + at, " Uid: %u %u %u %u", ids, ids + 1,
                     ids + 2, ids + 3)
           != 4)
    return false;
  return std::any_of(sockets.begin(), sockets.end(), [&](auto& x) {
    return std::find(ids, ids + 4, x.owner) != ids + 4;
  });
}

/// Returns no failure if one of the processes listens there, else the reason.
std::optional<failure> search(const tcp::endpoint& at,
                              const std::vector<pid_t>& processes) {
  std::error_code ec;
  // The thread's tables: our process may have several network namespaces.
  auto read_table = [&](const char* path) {
    std::error_code missing;
    auto result = read_text(path, missing);
    // A kernel may lack IPv6.
    if (missing && missing != std::errc::no_such_file_or_directory)
      ec = missing;
    return result;
  };
  auto tcp4 = read_table("/proc/thread-self/net/tcp");
  auto tcp6 = read_table("/proc/thread-self/net/tcp6");
  if (ec)
    return not_there("the system does not tell which sockets listen",
                     ec.value());
  auto sockets = find_listeners(tcp4, tcp6, at);
  if (sockets.empty())
    return not_there("connections are accepted there, but not by a process of "
                     "this machine");
  auto unknown = false;
  for (auto pid : processes) {
    auto x = holds(pid, sockets);
    if (x == held::yes || (x == held::hidden && of_an_owner(pid, sockets)))
      return std::nullopt;
    unknown |= x == held::unknown;
  }
  if (unknown)
    return not_there("there are no descriptors left to look into the processes "
                     "of the session",
                     EMFILE);
  return not_there("another process listens there, not one of the session");
}

} // namespace

std::vector<listening_socket> find_listeners(std::string_view tcp,
                                             std::string_view tcp6,
                                             const tcp::endpoint& to) {
  best_fit best;
  for (auto table : {tcp, tcp6})
    while (!table.empty()) {
      auto line = table.substr(0, table.find('\n'));
      look_at(std::string{line}, to, best);
      table.remove_prefix(std::min(line.size() + 1, table.size()));
    }
  return best.sockets;
}

listener_search::listener_search(loop& reactor) : reactor_(reactor) {
  // nop
}

void listener_search::start(const tcp::endpoint& at,
                            std::vector<pid_t> processes, callback done) {
  try {
    if (thread_ == nullptr)
      thread_ = std::make_unique<loop>("pcn-listeners");
  } catch (const std::system_error& x) {
    reactor_.post([done = std::move(done), code = x.code().value()] {
      done(
        not_there("no thread can be created to look for the listener", code));
    });
    return;
  }
  thread_->post([this, at, processes = std::move(processes),
                 done = std::move(done)]() mutable {
    auto result = search(at, processes);
    reactor_.post(
      [done = std::move(done), result = std::move(result)] { done(result); });
  });
}

void listener_search::stop() {
  thread_.reset();
}

void check_listener(host& where, std::int64_t pid, const tcp::endpoint& at,
                    const std::function<void(std::optional<failure>)>& done) {
  for (auto& x : where.live.all())
    if (x->runs_as(pid))
      return x->list([&where, at, done](std::vector<pid_t> tree) {
        where.listeners.start(at, std::move(tree), done);
      });
  done(not_there("process " + std::to_string(pid)
                 + " is not one that this program runs here"));
}

} // namespace procession::posix
