#include "procession/platform/posix/signal_numbers.hpp"

#include <csignal>
#include <iterator>

namespace procession::posix {

int number_of(signal_name name) {
  static constexpr int numbers[] = {SIGINT,  SIGHUP,  SIGQUIT, SIGTERM,
                                    SIGKILL, SIGSTOP, SIGCONT, SIGUSR1,
                                    SIGUSR2, SIGALRM};
  static_assert(std::size(numbers)
                == static_cast<std::size_t>(last_signal_name) + 1);
  auto i = static_cast<std::size_t>(name);
  return i < std::size(numbers) ? numbers[i] : 0;
}

} // namespace procession::posix
