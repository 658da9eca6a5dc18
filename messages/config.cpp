#include "procession/messages/config.hpp"

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
}

} // namespace procession
