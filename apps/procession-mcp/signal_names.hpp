#pragma once

#include <procession/messages/session.hpp>

#include <array>
#include <string_view>

namespace tools {

/// A signal under the name that models know.
struct named_signal {
  std::string_view name;
  procession::signal_name value;
};

/// The signals that a model can send.
inline constexpr std::array<named_signal, 10> signals{{
  {"SIGINT", procession::signal_name::interrupt},
  {"SIGTERM", procession::signal_name::terminate},
  {"SIGKILL", procession::signal_name::kill},
  {"SIGHUP", procession::signal_name::hangup},
  {"SIGQUIT", procession::signal_name::quit},
  {"SIGSTOP", procession::signal_name::stop},
  {"SIGCONT", procession::signal_name::resume},
  {"SIGUSR1", procession::signal_name::user1},
  {"SIGUSR2", procession::signal_name::user2},
  {"SIGALRM", procession::signal_name::alarm},
}};

} // namespace tools
