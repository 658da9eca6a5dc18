#pragma once

#include "procession/messages/command.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace procession::windows {

/// Orders names as Windows does: negative, zero or positive if `x` is before,
/// equal to, or after `y`. On Windows CompareStringOrdinal, ignoring case.
using name_order = int (*)(std::u16string_view x, std::u16string_view y);

/// The order for ASCII, and by code unit beyond it.
int ascii_order(std::u16string_view x, std::u16string_view y);

/// The variables of a child; the case of a name does not matter.
class environment_block {
public:
  /// @param inherited entries NAME=VALUE of the host, the hidden ones for
  ///        the directories of the drives included (=C:=C:\Users).
  /// @returns nothing if a name or value is not UTF-8.
  static std::optional<environment_block>
  make(const environment& changes, std::vector<std::u16string> inherited,
       name_order order);

  /// Returns the block for CreateProcess with CREATE_UNICODE_ENVIRONMENT:
  /// sorted by name, with a NUL after each entry and one more at the end; two
  /// if there are no entries.
  std::u16string text() const;

  /// The value of a variable, in UTF-8.
  std::optional<std::string> get(std::u16string_view name) const;

private:
  explicit environment_block(name_order order) : order_(order) {
    // nop
  }

  void erase(std::u16string_view name);

  name_order order_;
  std::vector<std::u16string> entries_;
};

} // namespace procession::windows
