#include "procession/messages/supervisor.hpp"

#include "procession/messages/text/enum_name.hpp"

#include <algorithm>
#include <cmath>

namespace procession {

namespace {

constexpr std::size_t max_ready_text = 4096;
constexpr std::uint32_t max_restarts = 65536;

bool beyond_limits(caf::timespan x) {
  return x < caf::timespan::zero() || x > caf::timespan{max_timespan};
}

std::optional<failure> validate(const backoff& x) {
  if (beyond_limits(x.first) || beyond_limits(x.limit)
      || beyond_limits(x.reset_after))
    return invalid_argument(
      "the times of a back-off must be from zero to a year");
  if (x.first > x.limit)
    return invalid_argument("a back-off begins with more than its limit");
  if (!std::isfinite(x.factor) || x.factor < 1)
    return invalid_argument("the factor of a back-off must be at least 1");
  if (!(x.jitter >= 0 && x.jitter <= 1))
    return invalid_argument("the jitter of a back-off must be from 0 to 1");
  return std::nullopt;
}

std::optional<failure> validate(const readiness& x) {
  if (auto* output = std::get_if<ready_output>(&x))
    if (output->text.empty() || output->text.size() > max_ready_text)
      return invalid_argument("the text to wait for has from 1 to "
                              + std::to_string(max_ready_text) + " bytes");
  if (auto* probed = std::get_if<ready_probe>(&x); probed && !probed->look)
    return invalid_argument("the probe is empty");
  return std::nullopt;
}

std::optional<failure> validate(const session_start& x) {
  if (!x.where)
    return invalid_argument("the session has no spawner");
  if (auto bad = validate(x.what))
    return bad;
  if (!x.what.id.empty())
    return invalid_argument(
      "the session has an id, which each start needs anew");
  if (std::holds_alternative<ready_notified>(x.ready)
      && x.what.notification_fd == 0)
    return invalid_argument("the command has no notification descriptor");
  if (x.what.kill.background != background_policy::end)
    return invalid_argument(
      "what the process leaves in the background must end with it");
  return validate(x.ready);
}

std::optional<failure> validate(const actor_start& x) {
  if (!x.make)
    return invalid_argument("the function that makes the actor is empty");
  if (beyond_limits(x.grace))
    return invalid_argument("the grace must be from zero to a year");
  return std::nullopt;
}

} // namespace

std::optional<failure> validate(const child_spec& x) {
  auto bad = [&]() -> std::optional<failure> {
    if (x.name.empty())
      return invalid_argument("it has no name");
    if (auto wrong = validate(x.pause))
      return wrong;
    if (beyond_limits(x.ready_within)
        || x.ready_within == caf::timespan::zero())
      return invalid_argument("the time to become ready must be up to a year");
    return std::visit([](auto& start) { return validate(start); }, x.start);
  }();
  if (bad)
    bad->detail.text = "child '" + x.name + "': " + bad->detail.text;
  return bad;
}

std::optional<failure> validate(const restart_intensity& x) {
  if (beyond_limits(x.period))
    return invalid_argument(
      "the period of restarts must be from zero to a year");
  if (x.restarts > max_restarts)
    return invalid_argument("more restarts than " + std::to_string(max_restarts)
                            + " within the period are no limit");
  return std::nullopt;
}

std::string to_string(restart_kind x) {
  return enum_name(x, "restart_kind", {"permanent", "transient", "temporary"});
}

std::string to_string(restart_strategy x) {
  return enum_name(x, "restart_strategy",
                   {"one_for_one", "one_for_all", "rest_for_one"});
}

std::string to_string(child_state x) {
  return enum_name(x, "child_state",
                   {"waiting", "starting", "running", "stopping", "backing_off",
                    "succeeded", "stopped"});
}

std::string to_string(const child_info& x) {
  auto result = x.name + ": " + to_string(x.state) + ", " + to_string(x.restart)
                + ", started "
                + (x.starts == 1 ? "once"
                                 : std::to_string(x.starts) + " times");
  if (x.pid != 0)
    result += ", session " + x.id + ", pid " + std::to_string(x.pid);
  if (!x.last_end.empty())
    result += ", last end: " + x.last_end;
  return result;
}

std::string to_string(supervisor_event_kind x) {
  return enum_name(x, "supervisor_event_kind",
                   {"started", "ready", "start_failed", "stopping", "exited",
                    "backing_off", "removed", "gave_up", "ended"});
}

std::string to_string(const supervisor_event& x) {
  auto result = std::to_string(x.seq) + " ";
  if (!x.child.empty())
    result += x.child + "#" + std::to_string(x.start) + " ";
  result += to_string(x.what);
  if (!x.why.empty())
    result += ": " + x.why;
  if (x.what == supervisor_event_kind::backing_off)
    result += " for "
              + std::to_string(
                std::chrono::duration_cast<std::chrono::milliseconds>(x.delay)
                  .count())
              + "ms";
  return result;
}

std::string to_string(const events_missed& x) {
  return "missed events " + std::to_string(x.from) + "-" + std::to_string(x.to);
}

std::string to_string(const event_subscription& x) {
  return "from event " + std::to_string(x.from) + ", window "
         + std::to_string(x.window);
}

} // namespace procession
