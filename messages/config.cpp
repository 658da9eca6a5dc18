#include "procession/messages/config.hpp"

#include <algorithm>
#include <thread>

namespace procession {

void add_to(caf::actor_system_config& cfg) {
  register_types<
    caf::id_block::procession_atoms, caf::id_block::procession_supervisor_atoms,
    caf::id_block::procession_exec_atoms, caf::id_block::procession,
    caf::id_block::procession_session_handle,
    caf::id_block::procession_runner_handle,
    caf::id_block::procession_exec_tool_handle,
    caf::id_block::procession_supervisor_handle>(cfg);
  register_errors<errc>(cfg, describe);
}

config::config() {
  add_to(*this);
  auto cores = std::max(2u, std::thread::hardware_concurrency());
  set(caf_option::scheduler_policy, option_word("sharing"));
  set(caf_option::scheduler_threads, std::size_t{cores - 1});
}

} // namespace procession
