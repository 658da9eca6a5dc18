#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/events.hpp"

#include <chrono>

/// Values without a default in any field.
namespace procession::test {

using namespace std::chrono_literals;

inline command full_command() {
  command x;
  x.program = "/bin/prog";
  x.args = {"a", "", "b c"};
  x.argv0 = "zero";
  x.cwd = "/tmp";
  x.env = {false, {{"A", "1"}, {"B", ""}}, {"C"}};
  x.stdio = pty({30, 100});
  x.limits = {11, 12, 13s, 14s};
  x.kill = {15s, 16s, 17s, background_policy::keep};
  x.unsubscribed = unsubscribed_policy::pause;
  x.owner = ownership::spawner;
  x.id = "the id";
  x.restricted = {{"S-1-15-3-1024-1", "S-1-5-32-545"}};
  x.notification_fd = 17;
  x.report_stops = true;
  return x;
}

inline exit_status full_status() {
  return {
    exit_cause::signaled, 0xC0000005, 11, true, true, true, 1s, 2ms, 123456789};
}

} // namespace procession::test
