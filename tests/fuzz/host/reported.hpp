#pragma once

#include "frames.hpp"
#include "puppet_child.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace procession::fuzz {

/// Compares the reports of a host to its parent with the events of its
/// children.
class reported {
public:
  explicit reported(const puppet_factory& children) : children_(children) {
    // nop
  }

  void hear(std::string_view bytes);

  /// Notes that the parent has abandoned the session.
  void abandoned(std::uint64_t session) {
    abandoned_.insert(session);
  }

  /// Notes that the parent sent something with an unknown meaning.
  void anything() {
    anything_ = true;
  }

private:
  struct session {
    enum class state { fresh, running, exited, over };
    state at = state::fresh;
    const puppet_child* child = nullptr;
    std::array<std::uint64_t, 2> output{};
    bool drained = false;
    bool broken = false;
    bool notified = false;
    bool stopped = false;
    std::uint64_t taken = 0;
    std::map<std::uint64_t, std::size_t> answers;
  };

  void on_frame(frame& x);
  void on_session_frame(session& of, const frame& x);
  void on_spawned(session& of, const frame& x);
  static void on_output(session& of, const frame& x);
  static void on_exited(session& of, const frame& x);
  void on_closed(session& of, const frame& x);

  const puppet_factory& children_;
  listener listener_;
  bool greeted_ = false;
  bool parted_ = false;
  bool anything_ = false;
  std::set<std::uint64_t> abandoned_;
  std::map<std::uint64_t, session> sessions_;
};

} // namespace procession::fuzz
