#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace procession {

/// Looks for texts in output that comes in pieces, wherever these end.
class text_watch {
public:
  /// Looks for nothing.
  text_watch() = default;

  /// @param wanted none of them is empty.
  explicit text_watch(std::vector<std::string> wanted);

  /// @returns whether one of the texts ends in `bytes`.
  bool feed(std::string_view bytes);

  /// What comes next does not follow what came before.
  void forget() noexcept {
    seen_.clear();
  }

private:
  std::vector<std::string> wanted_;
  /// The length of the longest of them, less one.
  std::size_t reach_ = 0;
  /// The end of what came before.
  std::string seen_;
};

} // namespace procession
