#include "common/start_up.hpp"

#include "common/first_process.hpp"

#include "procession/messages/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <system_error>
#include <utility>

namespace procession {

namespace {

// For the terminate handler, to which we cannot pass arguments.
std::function<void(const std::string&)> tell;
auto code = EXIT_FAILURE;
std::terminate_handler usual_handler = nullptr;

std::string sentence(const std::system_error& x) {
  // std::thread does not say what failed.
  if (x.what() != x.code().message()) {
    auto few = x.code() == std::errc::too_many_files_open;
    return x.what() + std::string{few ? "; see ulimit -n" : ""};
  }
  return to_string(failure{errc::out_of_processes,
                           {stage::setup, x.code().value(),
                            "the system cannot start another thread"}});
}

// Called for an uncaught exception, before the stack is unwound.
[[noreturn]] void on_terminate() {
  try {
    if (auto x = std::current_exception())
      std::rethrow_exception(x);
  } catch (const std::system_error& x) {
    tell(sentence(x));
    std::_Exit(code);
  } catch (...) {
    // Anything else is a bug.
  }
  usual_handler();
  std::abort();
}

} // namespace

void start_up(std::function<void(const std::string&)> say, int exit_code) {
  tell = std::move(say);
  code = exit_code;
  usual_handler = std::set_terminate(on_terminate);
  if (!leave_first_process()) {
    tell(to_string(failure{errc::out_of_processes,
                           {stage::fork, errno,
                            "the system cannot create a second process"}}));
    std::exit(exit_code);
  }
}

} // namespace procession
