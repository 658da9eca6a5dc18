#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

namespace procession::bench {

/// What the actors of a measurement report to the thread that waits for them.
/// Any thread may call its functions.
class outcome {
public:
  /// @param parts is how often `done` must be called.
  explicit outcome(std::size_t parts = 1) : left_(parts) {
    // nop
  }

  void done();

  /// Ends the wait with an error.
  void fail(std::string what);

  /// Waits until all parts are done.
  /// @throws std::runtime_error if one has failed
  void wait();

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t left_;
  std::string error_;
};

/// The actors share it, as some may still run after the wait has failed.
using outcome_ptr = std::shared_ptr<outcome>;

/// Creates an outcome of that many parts.
inline outcome_ptr make_outcome(std::size_t parts = 1) {
  return std::make_shared<outcome>(parts);
}

} // namespace procession::bench
