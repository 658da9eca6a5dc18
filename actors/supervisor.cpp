#include "procession/actors/supervisor.hpp"

#include "procession/actors/supervision/supervisor_machine.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <utility>

namespace procession {

namespace {

std::optional<failure> validate(const std::vector<child_spec>& children,
                                const supervisor_options& options) {
  if (auto bad = validate(options.intensity))
    return bad;
  if (options.retained_events == 0)
    return failure{errc::invalid_argument,
                   {stage::validate, 0, "no event would be retained"}};
  for (auto i = children.begin(); i != children.end(); ++i) {
    if (auto bad = validate(*i))
      return bad;
    auto same_name = [&](const child_spec& x) { return x.name == i->name; };
    if (std::any_of(children.begin(), i, same_name))
      return supervisor_machine::duplicate_child(i->name);
  }
  return std::nullopt;
}

} // namespace

caf::expected<supervisor> make_supervisor(caf::actor_system& sys,
                                          std::vector<child_spec> children,
                                          supervisor_options options) {
  if (auto bad = validate(children, options))
    return to_error(*bad);
  return supervisor{
    supervisor_machine::spawn_in(sys, std::move(children), options)};
}

child_spec session_child(std::string name, spawner where, command what,
                         readiness ready) {
  child_spec result;
  result.name = std::move(name);
  result.start = session_start{std::move(where), std::move(what),
                               std::move(ready)};
  return result;
}

child_spec actor_child(std::string name, actor_factory make) {
  child_spec result;
  result.name = std::move(name);
  result.start = actor_start{std::move(make)};
  return result;
}

child_spec supervisor_child(std::string name, std::vector<child_spec> children,
                            supervisor_options options) {
  auto make = [=](caf::actor_system& sys) -> caf::expected<caf::actor> {
    auto made = make_supervisor(sys, children, options);
    if (!made)
      return made.error();
    return caf::actor_cast<caf::actor>(*made);
  };
  auto result = actor_child(std::move(name), make);
  result.ready_within = max_timespan;
  auto& start = std::get<actor_start>(result.start);
  start.answers = true;
  start.grace = max_timespan;
  return result;
}

} // namespace procession
