#pragma once

#include "procession/platform/win_elevated/credential_store.hpp"
#include "procession/platform/win_elevated/rules/credential_file.hpp"

#include <algorithm>
#include <utility>

namespace procession::test {

/// Passwords that are gone with this.
class memory_store : public windows::credential_store {
public:
  std::variant<windows::secret, failure>
  load(const std::string& user) override {
    auto i = find(user);
    if (i == entries_.end())
      return windows::no_credentials(user);
    return copy(i->second);
  }

  std::optional<failure> save(const std::string& user,
                              const windows::secret& password) override {
    remove(user);
    entries_.emplace_back(user, copy(password));
    return std::nullopt;
  }

  std::optional<failure> remove(const std::string& user) override {
    if (auto i = find(user); i != entries_.end())
      entries_.erase(i);
    return std::nullopt;
  }

  std::variant<std::vector<std::string>, failure> list() override {
    std::vector<std::string> result;
    for (auto& x : entries_)
      result.push_back(x.first);
    return result;
  }

private:
  static windows::secret copy(const windows::secret& x) {
    auto text = x.characters();
    return windows::secret{std::wstring_view{text.data(), text.size()}};
  }

  std::vector<std::pair<std::string, windows::secret>>::iterator
  find(const std::string& user) {
    return std::find_if(entries_.begin(), entries_.end(), [&](auto& x) {
      return windows::is_same_account(x.first, user);
    });
  }

  std::vector<std::pair<std::string, windows::secret>> entries_;
};

} // namespace procession::test
