#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/credential_store.hpp"
#include "procession/platform/win_elevated/protected_data.hpp"
#include "procession/platform/win_elevated/rules/credential_file.hpp"
#include "procession/platform/win_elevated/rules/security_text.hpp"
#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/win_elevated/user.hpp"
#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <windows.h>

#include <aclapi.h>
#include <shlobj.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace procession::windows {

namespace {

/// The longest wait for another process that uses the file.
constexpr DWORD patience_ms = 10000;

using entries = std::vector<protected_password>;

failure store_failure(std::string text, DWORD os_code = ::GetLastError()) {
  return last_failure(errc::request_failed, stage::credentials, std::move(text),
                      os_code);
}

/// The purpose of a password's protection. It includes the user, so that one
/// user's password cannot replace another's.
std::string purpose_of(std::string user) {
  std::transform(user.begin(), user.end(), user.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return "procession credentials of " + user;
}

/// Held by one process of our user at a time. A process that died meanwhile has
/// left a complete file, old or new.
class store_lock {
public:
  static expected<store_lock> take(const std::string& owner) {
    auto descriptor = make_descriptor(private_security(owner));
    if (descriptor == nullptr)
      return store_failure("the credentials cannot be locked");
    SECURITY_ATTRIBUTES attributes{sizeof(attributes), descriptor.get(), FALSE};
    // Global, as our user may have several sessions.
    auto name = to_wide_path("Global\\procession-credentials-" + owner);
    unique_handle mutex{::CreateMutexW(&attributes, FALSE, name.c_str())};
    if (!mutex)
      return store_failure("the credentials cannot be locked");
    switch (::WaitForSingleObject(mutex.get(), patience_ms)) {
      case WAIT_OBJECT_0:
      case WAIT_ABANDONED:
        return store_lock{std::move(mutex)};
      case WAIT_TIMEOUT:
        return store_failure("the credentials stay locked by another process",
                             ERROR_TIMEOUT);
      default:
        return store_failure("the credentials cannot be locked");
    }
  }

  store_lock(store_lock&&) noexcept = default;
  store_lock& operator=(store_lock&&) = delete;

  ~store_lock() {
    if (mutex_)
      ::ReleaseMutex(mutex_.get());
  }

private:
  explicit store_lock(unique_handle held) : mutex_(std::move(held)) {
    // nop
  }

  /// Empty after a move.
  unique_handle mutex_;
};

/// Creates the directory if necessary, and denies access to other users in any
/// case.
std::optional<failure> make_private(const std::wstring& path,
                                    const std::string& owner) {
  auto bad = [](DWORD os_code) {
    return store_failure("the directory of the credentials cannot be made ours "
                         "alone",
                         os_code);
  };
  auto descriptor = make_descriptor(private_directory_security(owner));
  if (descriptor == nullptr)
    return bad(::GetLastError());
  std::error_code ec;
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(),
                                      ec);
  if (ec)
    return bad(static_cast<DWORD>(ec.value()));
  SECURITY_ATTRIBUTES attributes{sizeof(attributes), descriptor.get(), FALSE};
  if (::CreateDirectoryW(path.c_str(), &attributes))
    return std::nullopt;
  if (auto os_code = ::GetLastError(); os_code != ERROR_ALREADY_EXISTS)
    return bad(os_code);
  // A link would lead to a place that others may control.
  auto kind = ::GetFileAttributesW(path.c_str());
  if (kind == INVALID_FILE_ATTRIBUTES || (kind & FILE_ATTRIBUTE_DIRECTORY) == 0
      || (kind & FILE_ATTRIBUTE_REPARSE_POINT) != 0)
    return bad(ERROR_DIRECTORY);
  BOOL present = FALSE;
  BOOL defaulted = FALSE;
  PACL list = nullptr;
  if (!::GetSecurityDescriptorDacl(descriptor.get(), &present, &list,
                                   &defaulted))
    return bad(::GetLastError());
  auto name = path;
  auto os_code = ::SetNamedSecurityInfoW(
    name.data(), SE_FILE_OBJECT,
    DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, nullptr,
    nullptr, list, nullptr);
  if (os_code != ERROR_SUCCESS)
    return bad(os_code);
  return std::nullopt;
}

class protected_file_store : public credential_store {
public:
  explicit protected_file_store(std::string directory)
    : directory_(std::move(directory)) {
    // nop
  }

  expected<secret> load(const std::string& user) override {
    auto all = locked([&] { return read(); });
    if (!all)
      return std::move(all.error());
    auto* found = find(*all, user);
    return found != nullptr ? unprotect(found->bytes, purpose_of(user))
                            : no_credentials(user);
  }

  std::optional<failure> save(const std::string& user,
                              const secret& password) override {
    if (!is_account_name(user))
      return failure{errc::invalid_argument,
                     {stage::credentials, 0,
                      "'" + user + "' is not an account name"}};
    auto bytes = protect(password, purpose_of(user));
    if (!bytes)
      return std::move(bytes.error());
    return change([&](entries& all) {
      erase(all, user);
      all.push_back({user, std::move(*bytes)});
      return true;
    });
  }

  std::optional<failure> remove(const std::string& user) override {
    return change([&](entries& all) { return erase(all, user); });
  }

  expected<std::vector<std::string>> list() override {
    auto all = locked([&] { return read(); });
    if (!all)
      return std::move(all.error());
    std::vector<std::string> result;
    for (auto& x : *all)
      result.push_back(std::move(x.user));
    return result;
  }

  expected<logon_clock::time_point>
  paused_until(const std::string& user) override {
    auto all = locked([&] { return read(); });
    if (!all)
      return std::move(all.error());
    auto* found = find(*all, user);
    return found == nullptr ? logon_clock::time_point{}
                            : logon_clock::from_time_t(found->paused_until);
  }

  std::optional<failure> pause(const std::string& user,
                               logon_clock::time_point until) override {
    return change([&](entries& all) {
      auto* found = find(all, user);
      if (found != nullptr)
        found->paused_until = logon_clock::to_time_t(
          std::chrono::floor<std::chrono::seconds>(until));
      return found != nullptr;
    });
  }

private:
  static protected_password* find(entries& all, const std::string& user) {
    auto i = std::find_if(all.begin(), all.end(), [&](auto& x) {
      return is_same_account(x.user, user);
    });
    return i != all.end() ? &*i : nullptr;
  }

  /// @returns whether it was there.
  static bool erase(entries& all, const std::string& user) {
    return std::erase_if(all,
                         [&](auto& x) { return is_same_account(x.user, user); })
           > 0;
  }

  /// Lets `edit` change the entries, and writes them if it returns true.
  template <class F>
  std::optional<failure> change(F edit) {
    auto result = locked([&]() -> expected<entries> {
      auto all = read();
      if (all && edit(*all))
        if (auto bad = write(*all))
          return std::move(*bad);
      return all;
    });
    if (!result)
      return std::move(result.error());
    return std::nullopt;
  }

  template <class F>
  expected<entries> locked(F f) {
    if (directory_.empty()) {
      auto found = default_credential_directory();
      if (!found)
        return std::move(found.error());
      directory_ = std::move(*found);
    }
    auto owner = own_user_sid();
    if (!owner)
      return std::move(owner.error());
    owner_ = std::move(*owner);
    auto lock = store_lock::take(owner_);
    if (!lock)
      return std::move(lock.error());
    return f();
  }

  std::wstring path(std::string_view file) const {
    return to_wide_path(directory_ + "\\").append(to_wide_path(file));
  }

  expected<entries> read() const {
    unique_handle file{::CreateFileW(path(file_name).c_str(), GENERIC_READ,
                                     FILE_SHARE_READ, nullptr, OPEN_EXISTING,
                                     FILE_ATTRIBUTE_NORMAL, nullptr)};
    if (!file) {
      auto os_code = ::GetLastError();
      if (os_code == ERROR_FILE_NOT_FOUND || os_code == ERROR_PATH_NOT_FOUND)
        return entries{};
      return store_failure("the credentials cannot be read", os_code);
    }
    // One byte more than the limit.
    std::string text(max_credential_file + 1, '\0');
    DWORD size = 0;
    if (!::ReadFile(file.get(), text.data(), static_cast<DWORD>(text.size()),
                    &size, nullptr))
      return store_failure("the credentials cannot be read");
    text.resize(size);
    auto result = parse_credential_file(text);
    if (!result)
      return store_failure("the file in '" + directory_
                             + "' holds no credentials",
                           ERROR_FILE_CORRUPT);
    return std::move(*result);
  }

  std::optional<failure> write(const entries& all) const {
    if (auto bad = make_private(to_wide_path(directory_), owner_))
      return bad;
    auto target = path(file_name);
    // The lock allows only one; a crash may have left one, which is replaced.
    auto fresh = path(std::string{file_name} + ".new");
    if (auto bad = write_through(fresh, to_text(all))) {
      ::DeleteFileW(fresh.c_str());
      return bad;
    }
    if (::MoveFileExW(fresh.c_str(), target.c_str(),
                      MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
      return std::nullopt;
    auto result = store_failure("the credentials cannot be replaced");
    ::DeleteFileW(fresh.c_str());
    return result;
  }

  static std::optional<failure> write_through(const std::wstring& path,
                                              const std::string& text) {
    unique_handle file{::CreateFileW(path.c_str(), GENERIC_WRITE, 0, nullptr,
                                     CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL,
                                     nullptr)};
    DWORD size = 0;
    if (!file
        || !::WriteFile(file.get(), text.data(),
                        static_cast<DWORD>(text.size()), &size, nullptr)
        || !::FlushFileBuffers(file.get()))
      return store_failure("the credentials cannot be written");
    return std::nullopt;
  }

  static constexpr auto file_name = std::string_view{"credentials"};

  std::string directory_;
  std::string owner_;
};

} // namespace

failure no_credentials(const std::string& user) {
  return {errc::no_such_user,
          {stage::credentials, 0,
           "no credentials of the user '" + user + "' are stored"}};
}

std::unique_ptr<credential_store>
make_protected_file_store(std::string directory) {
  return std::make_unique<protected_file_store>(std::move(directory));
}

expected<std::string> default_credential_directory() {
  wchar_t* path = nullptr;
  auto result = ::SHGetKnownFolderPath(FOLDERID_LocalAppData, 0, nullptr,
                                       &path);
  std::unique_ptr<wchar_t, decltype(&::CoTaskMemFree)> owned{path,
                                                             &::CoTaskMemFree};
  if (FAILED(result))
    return store_failure("our user has no directory for application data",
                         static_cast<DWORD>(result));
  return to_utf8(from_wide(path)) + "\\Procession\\sandbox";
}

} // namespace procession::windows
