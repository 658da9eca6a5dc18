#pragma once

namespace procession {

/// The base of an interface, whose objects are used and destroyed by pointers
/// to it, and never copied.
class polymorphic {
public:
  polymorphic() = default;
  polymorphic(const polymorphic&) = delete;
  polymorphic& operator=(const polymorphic&) = delete;
  virtual ~polymorphic() = default;
};

} // namespace procession
