#pragma once

#include "stage.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace procession::soak {

/// Starts host processes, one after the other, each this program again with
/// sessions of its own, and kills each at a random moment. Nothing of it may
/// stay. Works on a thread of its own until destroyed.
class hosts {
public:
  hosts(ledger& log, const settings& terms, containment_kind kind,
        std::uint32_t seed);
  hosts(const hosts&) = delete;
  hosts& operator=(const hosts&) = delete;
  ~hosts();

private:
  void run();
  void play_one();
  pid_t start(const std::string& report, std::uint32_t seed);

  /// @returns whether the end came before.
  bool wait_for(milliseconds time);

  ledger& log_;
  const settings& terms_;
  containment_kind kind_;
  dice chance_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

} // namespace procession::soak
