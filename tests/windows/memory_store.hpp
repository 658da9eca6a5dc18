#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/credential_store.hpp"
#include "procession/platform/win_elevated/rules/credential_file.hpp"

#include <algorithm>
#include <utility>

namespace procession::test {

/// Passwords in memory only.
class memory_store : public windows::credential_store {
public:
  expected<windows::secret> load(const std::string& user) override {
    auto i = find(user);
    if (i == entries_.end())
      return windows::no_credentials(user);
    return copy(i->password);
  }

  std::optional<failure> save(const std::string& user,
                              const windows::secret& password) override {
    remove(user);
    entries_.push_back({user, copy(password), {}});
    return std::nullopt;
  }

  std::optional<failure> remove(const std::string& user) override {
    if (auto i = find(user); i != entries_.end())
      entries_.erase(i);
    return std::nullopt;
  }

  expected<std::vector<std::string>> list() override {
    std::vector<std::string> result;
    for (auto& x : entries_)
      result.push_back(x.user);
    return result;
  }

  expected<windows::logon_clock::time_point>
  paused_until(const std::string& user) override {
    auto i = find(user);
    return i != entries_.end() ? i->paused_until
                               : windows::logon_clock::time_point{};
  }

  std::optional<failure>
  pause(const std::string& user,
        windows::logon_clock::time_point until) override {
    if (auto i = find(user); i != entries_.end())
      i->paused_until = until;
    return std::nullopt;
  }

private:
  struct entry {
    std::string user;
    windows::secret password;
    windows::logon_clock::time_point paused_until;
  };

  static windows::secret copy(const windows::secret& x) {
    auto text = x.characters();
    return windows::secret{std::wstring_view{text.data(), text.size()}};
  }

  std::vector<entry>::iterator find(const std::string& user) {
    return std::find_if(entries_.begin(), entries_.end(), [&](auto& x) {
      return windows::is_same_account(x.user, user);
    });
  }

  std::vector<entry> entries_;
};

} // namespace procession::test
