// Two readers: the back-end of an agent has one session and two consumers.
//
//   parser   lossless: gets every line, and holds the program back rather than
//            miss one
//   viewer   lossy: shows the progress to a person at a slow connection, and
//            skips lines when it cannot keep up
//
// What it shows:
//   - a session serves many subscribers, each with a window of its own; a slow
//     lossy one delays no other;
//   - a lossy subscriber learns by `gap` which bytes it missed, and always gets
//     the last ones;
//   - acknowledging by hand: the viewer does so when it has shown the output.
//
// It exits with 1 unless the parser got all lines in order and the viewer the
// last one.
#include <procession/actors/host.hpp>
#include <procession/actors/listening.hpp>
#include <procession/io/line_reader.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

using namespace std::chrono_literals;
namespace ps = procession;

namespace {

constexpr std::uint64_t last_line = 300'000;

/// Starts the program, tells `viewer` about it, and parses each line.
caf::behavior parser(caf::event_based_actor* self, const ps::spawner& where,
                     const caf::actor& viewer, const caf::actor& report_to) {
  struct state {
    ps::line_reader lines;
    std::uint64_t next = 1;
  };
  auto mine = std::make_shared<state>();
  ps::open(self, where,
           {.program = "seq",
            .args = {std::to_string(last_line)},
            .limits = {.retained = 64 * 1024}},
           [=](const ps::session& it) { self->send(viewer, it); });
  return ps::listening(
    self, {
            .output =
              [=](auto& x) {
                mine->lines.feed(x, [&](const ps::line& line) {
                  if (std::to_string(mine->next) == line.text)
                    ++mine->next;
                });
              },
            .closed =
              [=](auto&) {
                self->send(report_to, "parser", std::to_string(mine->next - 1));
                self->quit();
              },
          });
}

/// Shows the latest line, some times a second.
caf::behavior viewer(caf::event_based_actor* self,
                     const caf::actor& report_to) {
  struct state {
    ps::line_reader lines;
    std::string tail;
    std::uint64_t missed = 0;
  };
  auto mine = std::make_shared<state>();
  auto show = [=](const ps::line& line) { mine->tail = line.text; };
  return {
    [=](const ps::session& it) {
      self->send(it, ps::subscribe_atom_v,
                 ps::subscription{.window = 4096, .mode = ps::delivery::lossy});
    },
    // The answer to the subscription, which has no value.
    [] {},
    [](const ps::started&) {},
    [=](const ps::output& x) {
      mine->lines.feed(x, show);
      std::cout << "now at " << mine->tail << '\n';
      self->delayed_send(caf::actor_cast<ps::session>(self->current_sender()),
                         50ms, ps::ack_atom_v, x.bytes.size());
    },
    [=](const ps::gap& x) {
      mine->missed += x.to - x.from;
      mine->lines.lose(x, show);
    },
    [](const ps::exited&) {},
    [=](const ps::closed&) {
      std::cout << "missed " << mine->missed << " bytes\n";
      self->send(report_to, "viewer", mine->tail);
      self->quit();
    },
  };
}

} // namespace

int main() {
  ps::host host;
  caf::scoped_actor self{host.system()};
  auto slow = self->spawn(viewer, caf::actor{self});
  auto fast = self->spawn(parser, host.spawner(), slow, caf::actor{self});
  auto right = true;
  for (auto i = 0; i < 2; ++i)
    self->receive([&](const std::string& who, const std::string& last) {
      std::cout << who << ": the last line was " << last << '\n';
      right = right && last == std::to_string(last_line);
    });
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
