#pragma once

#include "json_rpc.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// Finds the id of a message that cannot be read as a whole because it is too
/// long or not quite JSON, so that the sender can be answered and does not wait
/// for ever.
class id_scanner {
public:
  /// Takes the next part of the message.
  void feed(std::string_view text);

  /// Returns the id that was found, or null, and gets ready for the next
  /// message.
  rpc::json take();

private:
  void end_value();

  /// How many objects and arrays are open.
  std::size_t depth_ = 0;
  enum class within { nothing, string, escape } at_ = within::nothing;
  /// The name has ended; its value follows.
  bool valued_ = false;
  /// The name of a value in the outermost object, or that value.
  std::string token_;
  bool names_id_ = false;
  rpc::json id_;
};
