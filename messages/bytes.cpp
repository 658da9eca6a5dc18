#include "procession/messages/bytes.hpp"

#include <algorithm>
#include <cstring>

namespace procession {

shared_bytes::shared_bytes(std::string text) {
  if (text.empty())
    return;
  auto owner = std::make_shared<const std::string>(std::move(text));
  data_ = reinterpret_cast<const std::byte*>(owner->data());
  size_ = owner->size();
  owner_ = std::move(owner);
}

shared_bytes::shared_bytes(std::string_view text)
  : shared_bytes(std::string{text}) {
  // nop
}

shared_bytes::shared_bytes(const char* text) : shared_bytes(std::string{text}) {
  // nop
}

shared_bytes::shared_bytes(std::shared_ptr<const void> owner,
                           const std::byte* data, std::size_t size) noexcept
  : owner_(std::move(owner)), data_(data), size_(size) {
  // nop
}

std::string_view shared_bytes::text() const noexcept {
  return {reinterpret_cast<const char*>(data_), size_};
}

shared_bytes shared_bytes::first(std::size_t n) const noexcept {
  return {owner_, data_, std::min(n, size_)};
}

shared_bytes shared_bytes::from(std::size_t n) const noexcept {
  auto skipped = std::min(n, size_);
  return {owner_, data_ + skipped, size_ - skipped};
}

bool shared_bytes::join(const shared_bytes& next) noexcept {
  // Two blocks may touch in memory by chance, so the owner is compared too.
  if (owner_ != next.owner_ || data_ + size_ != next.data_)
    return false;
  size_ += next.size_;
  return true;
}

bool operator==(const shared_bytes& x, const shared_bytes& y) noexcept {
  return x.text() == y.text();
}

std::string to_string(const shared_bytes& x) {
  return std::to_string(x.size()) + " bytes";
}

} // namespace procession
