#include "procession/platform/windows/console_event.hpp"

#include "procession/messages/expected.hpp"
#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/helper_program.hpp"
#include "procession/platform/windows/rules/quoting.hpp"
#include "procession/platform/windows/system.hpp"

#include <boost/asio/windows/object_handle.hpp>

#include <memory>
#include <utility>

namespace procession::windows {

namespace {

using handler = std::function<void(std::optional<failure>)>;

failure not_sent(DWORD os_code, const char* text) {
  return last_failure(errc::request_failed, stage::run, text, os_code);
}

expected<unique_handle> start_helper(DWORD pid, console_event what) {
  auto path = to_wide_path(helper_program("procession-signal.exe"));
  auto line = to_wide_path(
    "procession-signal " + std::to_string(pid)
    + (what == console_event::interrupt ? " interrupt" : " break"));
  STARTUPINFOW info{};
  info.cb = sizeof(info);
  PROCESS_INFORMATION made{};
  // The helper has no console, as it joins another one.
  if (!::CreateProcessW(path.c_str(), line.data(), nullptr, nullptr, FALSE,
                        DETACHED_PROCESS, nullptr, nullptr, &info, &made))
    return not_sent(::GetLastError(), "procession-signal cannot be started");
  unique_handle{made.hThread}.reset();
  return unique_handle{made.hProcess};
}

void await(host& where, unique_handle helper, handler done) {
  auto process = std::make_shared<boost::asio::windows::object_handle>(
    where.reactor.context());
  boost::system::error_code ec;
  process->assign(helper.get(), ec);
  if (ec)
    return done(not_sent(static_cast<DWORD>(ec.value()),
                         "procession-signal cannot be waited for"));
  helper.release();
  process->async_wait([process, done](const boost::system::error_code& bad) {
    DWORD os_code = 0;
    if (bad)
      os_code = static_cast<DWORD>(bad.value());
    else
      ::GetExitCodeProcess(process->native_handle(), &os_code);
    done(
      os_code == 0
        ? std::nullopt
        : std::optional{not_sent(os_code, "the console takes no such event")});
  });
}

} // namespace

void send_console_event(host& where, DWORD pid, console_event what,
                        handler done) {
  where.launcher.post([&where, pid, what, done = std::move(done)]() mutable {
    // Held by a pointer, as posted work must be copyable.
    auto started = std::make_shared<expected<unique_handle>>(
      start_helper(pid, what));
    where.reactor.post([&where, started, done = std::move(done)]() mutable {
      if (!*started)
        done(std::move(started->error()));
      else
        await(where, std::move(**started), std::move(done));
    });
  });
}

} // namespace procession::windows
