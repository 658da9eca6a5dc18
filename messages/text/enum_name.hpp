#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>

namespace procession {

/// Returns the name of an enumerator.
/// @param type name of the enumeration: a number that the table does not have,
///             which a peer may send, is shown as "type 42".
/// @param names in the order of the enumerators.
/// @param first number of the first enumerator.
template <class Enum>
std::string enum_name(Enum x, const char* type,
                      std::initializer_list<const char*> names,
                      std::size_t first = 0) {
  auto number = static_cast<std::size_t>(x);
  if (number >= first && number - first < names.size())
    return names.begin()[number - first];
  return std::string{type} + " " + std::to_string(number);
}

} // namespace procession
