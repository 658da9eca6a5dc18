#include "procession/messages/config.hpp"

#include <algorithm>
#include <thread>

namespace procession {

void add_to(caf::actor_system_config& cfg) {
  cfg.add_message_types<caf::id_block::procession>();
  cfg.add_error_category(caf::atom("procession"),
                         [](std::uint8_t code, caf::atom_value category,
                            const caf::message& context) {
                           return describe({code, category, context});
                         });
}

config::config() {
  add_to(*this);
  set("scheduler.policy", caf::atom("sharing"));
  auto cores = std::max(2u, std::thread::hardware_concurrency());
  set("scheduler.max-threads", std::size_t{cores - 1});
}

} // namespace procession
