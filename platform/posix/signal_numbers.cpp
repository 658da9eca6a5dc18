#include "procession/platform/posix/signal_numbers.hpp"

#include <csignal>

namespace procession::posix {

int number_of(signal_name name) {
  switch (name) {
    case signal_name::interrupt:
      return SIGINT;
    case signal_name::hangup:
      return SIGHUP;
    case signal_name::quit:
      return SIGQUIT;
    case signal_name::terminate:
      return SIGTERM;
    case signal_name::kill:
      return SIGKILL;
    case signal_name::stop:
      return SIGSTOP;
    case signal_name::resume:
      return SIGCONT;
    case signal_name::user1:
      return SIGUSR1;
    case signal_name::user2:
      return SIGUSR2;
    case signal_name::alarm:
      return SIGALRM;
  }
  return 0;
}

} // namespace procession::posix
