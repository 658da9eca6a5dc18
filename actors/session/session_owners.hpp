#pragma once

#include <caf/actor_addr.hpp>

#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace procession {

/// The sessions of a spawner that belong to another actor, by owner. The
/// spawner monitors each owner once: CAF searches a list to end a monitor, so
/// one for each session would make an end as slow as its owner has sessions.
class session_owners {
public:
  using addresses = std::unordered_set<caf::actor_addr>;

  /// @returns whether it is the first session of this owner.
  bool add(const caf::actor_addr& session, const caf::actor_addr& owner) {
    owner_of_.emplace(session, owner);
    auto& all = sessions_of_[owner];
    all.insert(session);
    return all.size() == 1;
  }

  /// @returns its owner, if that has no further session; else empty.
  caf::actor_addr remove(const caf::actor_addr& session) {
    auto of = owner_of_.extract(session);
    if (!of)
      return {};
    auto all = sessions_of_.find(of.mapped());
    all->second.erase(session);
    if (!all->second.empty())
      return {};
    sessions_of_.erase(all);
    return of.mapped();
  }

  /// Removes an owner. @returns its sessions.
  addresses take(const caf::actor_addr& owner) {
    auto node = sessions_of_.extract(owner);
    if (!node)
      return {};
    for (auto& x : node.mapped())
      owner_of_.erase(x);
    return std::move(node.mapped());
  }

private:
  std::unordered_map<caf::actor_addr, addresses> sessions_of_;
  std::unordered_map<caf::actor_addr, caf::actor_addr> owner_of_;
};

} // namespace procession
