#include "procession/io/reactor/port_probe.hpp"
#include "procession/platform/windows/host.hpp"
#include "procession/platform/windows/process.hpp"

// Must come before the next two.
#include <winsock2.h>

#include <iphlpapi.h>
#include <ws2tcpip.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace procession::windows {

namespace {

using boost::asio::ip::address_v6;
using boost::asio::ip::tcp;

failure not_there(std::string text, DWORD os_code = 0) {
  return {errc::request_failed,
          {stage::ready, static_cast<int>(os_code), std::move(text)}};
}

/// A socket that accepts connections, and the process that created it.
struct listener {
  address_v6 bound_to;
  std::uint16_t port = 0;
  DWORD owner = 0;
};

listener from_row(const MIB_TCPROW_OWNER_PID& x) {
  boost::asio::ip::address_v4::bytes_type bytes;
  std::memcpy(bytes.data(), &x.dwLocalAddr, bytes.size());
  return {as_v6(boost::asio::ip::address_v4{bytes}),
          ntohs(static_cast<u_short>(x.dwLocalPort)), x.dwOwningPid};
}

listener from_row(const MIB_TCP6ROW_OWNER_PID& x) {
  address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), x.ucLocalAddr, bytes.size());
  return {address_v6{bytes}, ntohs(static_cast<u_short>(x.dwLocalPort)),
          x.dwOwningPid};
}

/// Adds the listeners of one family. @returns an error of the system, or
/// NO_ERROR.
template <class Table>
DWORD add_listeners(ULONG family, std::vector<listener>& to) {
  std::vector<std::byte> room(16 * 1024);
  DWORD result;
  // The call returns the size that it needs, which may grow until the next one.
  do {
    auto size = static_cast<DWORD>(room.size());
    result = ::GetExtendedTcpTable(room.data(), &size, FALSE, family,
                                   TCP_TABLE_OWNER_PID_LISTENER, 0);
    if (result == ERROR_INSUFFICIENT_BUFFER)
      room.resize(std::max<std::size_t>(size, room.size()) + 4096);
  } while (result == ERROR_INSUFFICIENT_BUFFER);
  if (result != NO_ERROR)
    return result;
  auto* table = reinterpret_cast<const Table*>(room.data());
  for (DWORD i = 0; i < table->dwNumEntries; ++i)
    to.push_back(from_row(table->table[i]));
  return NO_ERROR;
}

/// Returns no failure if a process of the session listens there, else the
/// reason.
std::optional<failure> search(const process& session, const tcp::endpoint& at) {
  std::vector<listener> all;
  auto bad = add_listeners<MIB_TCPTABLE_OWNER_PID>(AF_INET, all);
  if (bad == NO_ERROR)
    bad = add_listeners<MIB_TCP6TABLE_OWNER_PID>(AF_INET6, all);
  if (bad != NO_ERROR)
    return not_there("the system does not tell which sockets listen", bad);
  auto best = 3;
  auto ours = false;
  for (auto& x : all) {
    auto how_close = closeness(x.bound_to, at.address());
    if (x.port != at.port() || !how_close || *how_close > best)
      continue;
    if (*how_close < best)
      ours = false;
    best = *how_close;
    ours = ours || session.holds(x.owner);
  }
  if (ours)
    return std::nullopt;
  return not_there("another process listens there, not one of the session");
}

} // namespace

void check_listener(host& where, std::int64_t pid, const tcp::endpoint& at,
                    const std::function<void(std::optional<failure>)>& done) {
  for (auto& x : where.live.all())
    if (x->runs_as(pid))
      return done(search(*x, at));
  done(not_there("process " + std::to_string(pid)
                 + " is not one that this program runs here"));
}

} // namespace procession::windows
