#pragma once

#include "procession/platform/windows/handle.hpp"

#include <cstddef>
#include <vector>

namespace procession::windows {

/// The extended attributes for CreateProcess: PROC_THREAD_ATTRIBUTE_... Values
/// are not copied, so they must live as long as this.
class attribute_list {
public:
  /// @param most the number of attributes that can be added.
  explicit attribute_list(DWORD most) {
    SIZE_T size = 0;
    ::InitializeProcThreadAttributeList(nullptr, most, 0, &size);
    memory_.resize(size);
    if (!::InitializeProcThreadAttributeList(get(), most, 0, &size))
      memory_.clear();
  }

  attribute_list(const attribute_list&) = delete;
  attribute_list& operator=(const attribute_list&) = delete;

  ~attribute_list() {
    if (!memory_.empty())
      ::DeleteProcThreadAttributeList(get());
  }

  /// Adds an attribute.
  /// @returns whether that succeeded; if not, GetLastError tells why.
  bool add(DWORD_PTR attribute, void* value, std::size_t size) {
    return !memory_.empty()
           && ::UpdateProcThreadAttribute(get(), 0, attribute, value, size,
                                          nullptr, nullptr);
  }

  LPPROC_THREAD_ATTRIBUTE_LIST get() noexcept {
    return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(memory_.data());
  }

private:
  std::vector<std::byte> memory_;
};

} // namespace procession::windows
