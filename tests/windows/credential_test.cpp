// Passwords are kept for us alone, and nowhere longer than needed.
#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/credential_store.hpp"
#include "procession/platform/win_elevated/protected_data.hpp"
#include "procession/platform/win_elevated/rules/credential_file.hpp"
#include "procession/platform/win_elevated/rules/security_text.hpp"
#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/win_elevated/user.hpp"
#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/system.hpp"
#include "procession/platform/windows/wine.hpp"

#include <catch2/catch.hpp>

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <thread>
#include <type_traits>

using namespace procession;
using namespace procession::windows;

namespace fs = std::filesystem;

namespace {

/// A directory for credentials, removed by the destructor.
struct scratch {
  scratch()
    : parent(fs::temp_directory_path() / ("procession-" + random_name(8))),
      path((parent / "a" / "b").string()) {
    // nop
  }

  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  ~scratch() {
    std::error_code ec;
    fs::remove_all(parent, ec);
  }

  fs::path file() const {
    return fs::path{path} / "credentials";
  }

  std::string text() const {
    std::ifstream in{file(), std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  void replace(const std::string& text) const {
    std::ofstream{file(), std::ios::binary} << text;
  }

  fs::path parent;
  std::string path;
};

secret password(std::wstring_view x) {
  return secret{x};
}

bool holds(const expected<secret>& x, std::wstring_view text) {
  return x && *x == password(text);
}

const failure& why(const expected<secret>& x) {
  REQUIRE(!x);
  return x.error();
}

} // namespace

static_assert(!std::is_copy_constructible_v<secret>);
static_assert(!std::is_copy_assignable_v<secret>);

TEST_CASE("a secret is wiped at its end", "[windows]") {
  alignas(secret) unsigned char memory[sizeof(secret)] = {};
  auto* x = new (memory) secret{L"wxyzwxyz"};
  // The bytes in memory, whatever a compiler may assume of objects that ended.
  auto seen = [&] {
    const volatile unsigned char* at = memory;
    auto result = 0;
    for (std::size_t i = 0; i < sizeof(memory); ++i)
      result += at[i] == 'x' ? 1 : 0;
    return result;
  };
  CHECK(seen() == 2);
  x->~secret();
  CHECK(seen() == 0);
}

TEST_CASE("a secret that was moved is in one place only", "[windows]") {
  auto x = password(L"one");
  auto y = std::move(x);
  CHECK(x.empty());
  CHECK(std::wstring_view{x.c_str()}.empty());
  CHECK(y == password(L"one"));
  auto z = password(L"another");
  z = std::move(y);
  CHECK(y.empty());
  CHECK(z == password(L"one"));
  CHECK(std::wstring_view{z.c_str()} == L"one");
}

TEST_CASE("a protected secret comes back for its purpose only", "[windows]") {
  auto made = protect(password(L"secr\u00e9t"), "a purpose");
  auto& bytes = *made;
  CHECK(holds(unprotect(bytes, "a purpose"), L"secr\u00e9t"));
  auto refused = unprotect(bytes, "another purpose");
  CHECK(why(refused).code == errc::request_failed);
  CHECK(why(refused).detail.at == stage::credentials);
  CHECK(why(refused).detail.os_code != 0);
  refused = unprotect("no such thing", "a purpose");
  CHECK(why(refused).detail.at == stage::credentials);
}

TEST_CASE("a store gives back what was saved, under any spelling",
          "[windows]") {
  scratch there;
  auto store = make_protected_file_store(there.path);
  CHECK(store->list()->empty());
  CHECK_FALSE(store->save("One", password(L"first")));
  CHECK_FALSE(store->save("Two", password(L"second")));
  CHECK(holds(store->load("one"), L"first"));
  CHECK_FALSE(store->save("ONE", password(L"changed")));
  CHECK(holds(store->load("One"), L"changed"));
  CHECK(holds(make_protected_file_store(there.path)->load("two"), L"second"));
  CHECK(*store->list() == std::vector<std::string>{"Two", "ONE"});
  CHECK_FALSE(store->remove("one"));
  CHECK_FALSE(store->remove("one"));
  auto gone = store->load("One");
  CHECK(why(gone).code == errc::no_such_user);
  CHECK(why(gone).detail.at == stage::credentials);
  CHECK(holds(store->load("Two"), L"second"));
  CHECK_FALSE(fs::exists(there.path + "/credentials.new"));
}

TEST_CASE("a pause of logons outlasts the store, not the next password",
          "[windows]") {
  scratch there;
  auto store = make_protected_file_store(there.path);
  auto ends = [](credential_store& x, const std::string& user) {
    return *x.paused_until(user);
  };
  auto until = logon_clock::from_time_t(2000000000);
  REQUIRE_FALSE(store->save("one", password(L"first")));
  REQUIRE_FALSE(store->save("two", password(L"second")));
  CHECK(ends(*store, "one") == logon_clock::time_point{});
  CHECK_FALSE(store->pause("ONE", until));
  auto other = make_protected_file_store(there.path);
  CHECK(ends(*other, "one") == until);
  CHECK(ends(*other, "two") == logon_clock::time_point{});
  // A pause that ended later than planned would be ignored (log_on).
  CHECK_FALSE(store->pause("one", until + std::chrono::milliseconds{900}));
  CHECK(ends(*other, "one") == until);
  CHECK(holds(other->load("one"), L"first"));
  CHECK_FALSE(other->save("one", password(L"changed")));
  CHECK(ends(*store, "one") == logon_clock::time_point{});
  CHECK_FALSE(store->pause("nobody", until));
  CHECK(ends(*store, "nobody") == logon_clock::time_point{});
}

TEST_CASE("a store that holds nothing creates no directory", "[windows]") {
  scratch there;
  auto store = make_protected_file_store(there.path);
  CHECK(why(store->load("one")).code == errc::no_such_user);
  CHECK_FALSE(store->remove("one"));
  CHECK_FALSE(fs::exists(there.parent));
}

TEST_CASE("a store takes no name that no account has", "[windows]") {
  scratch there;
  auto bad
    = make_protected_file_store(there.path)->save("a\nb", password(L"x"));
  REQUIRE(bad);
  CHECK(bad->code == errc::invalid_argument);
  CHECK(bad->detail.at == stage::credentials);
}

TEST_CASE("a password is not to be read from the file", "[windows]") {
  scratch there;
  REQUIRE_FALSE(
    make_protected_file_store(there.path)->save("one", password(L"plaintext")));
  auto entries = parse_credential_file(there.text());
  REQUIRE(entries);
  REQUIRE(entries->size() == 1);
  auto& bytes = entries->front().bytes;
  auto wide = std::wstring_view{L"plaintext"};
  CHECK(bytes.find("plaintext") == std::string::npos);
  CHECK(bytes.find(std::string{reinterpret_cast<const char*>(wide.data()),
                               wide.size() * sizeof(wchar_t)})
        == std::string::npos);
}

TEST_CASE("one user's password is not passed off as another's", "[windows]") {
  scratch there;
  auto store = make_protected_file_store(there.path);
  REQUIRE_FALSE(store->save("one", password(L"first")));
  REQUIRE_FALSE(store->save("two", password(L"second")));
  auto entries = parse_credential_file(there.text());
  REQUIRE(entries);
  std::swap(entries->front().user, entries->back().user);
  there.replace(to_text(*entries));
  CHECK(why(store->load("one")).detail.at == stage::credentials);
  CHECK(why(store->load("two")).code == errc::request_failed);
}

TEST_CASE("a file that holds no credentials is left as it is", "[windows]") {
  scratch there;
  auto store = make_protected_file_store(there.path);
  REQUIRE_FALSE(store->save("one", password(L"first")));
  there.replace("something else");
  auto bad = store->save("two", password(L"second"));
  REQUIRE(bad);
  CHECK(bad->code == errc::request_failed);
  CHECK(bad->detail.os_code == ERROR_FILE_CORRUPT);
  CHECK(why(store->load("one")).detail.os_code == ERROR_FILE_CORRUPT);
  CHECK(there.text() == "something else");
}

TEST_CASE("stores that change at the same time lose nothing", "[windows]") {
  scratch there;
  constexpr auto rounds = 10;
  auto fill = [&](const std::string& name) {
    auto store = make_protected_file_store(there.path);
    for (auto i = 0; i < rounds; ++i)
      if (store->save(name + std::to_string(i), password(L"x")))
        return;
  };
  std::thread other{[&] { fill("a"); }};
  fill("b");
  other.join();
  auto all = make_protected_file_store(there.path)->list();
  CHECK(all->size() == 2 * rounds);
}

TEST_CASE("a store goes on after somebody died in the middle of a change",
          "[windows]") {
  scratch there;
  auto store = make_protected_file_store(there.path);
  REQUIRE_FALSE(store->save("one", password(L"first")));
  auto name = "Global\\procession-credentials-" + *own_user_sid();
  unique_handle mutex{
    ::CreateMutexW(nullptr, FALSE, to_wide_path(name).c_str())};
  REQUIRE(mutex);
  DWORD got = WAIT_FAILED;
  // A mutex belongs to its thread, which ends here. Another test may still hold
  // it.
  std::thread{[&] {
    got = ::WaitForSingleObject(mutex.get(), INFINITE);
  }}.join();
  REQUIRE((got == WAIT_OBJECT_0 || got == WAIT_ABANDONED));
  std::ofstream{there.path + "/credentials.new"} << "half";
  CHECK_FALSE(store->save("two", password(L"second")));
  CHECK(holds(store->load("one"), L"first"));
  CHECK(holds(store->load("two"), L"second"));
}

TEST_CASE("other users cannot enter the directory of credentials",
          "[windows]") {
  if (running_under_wine()) {
    WARN("skipped here: Wine 8 keeps no list of who may use a file");
    return;
  }
  scratch there;
  auto existed = GENERATE(false, true);
  if (existed)
    fs::create_directories(there.path);
  REQUIRE_FALSE(
    make_protected_file_store(there.path)->save("one", password(L"x")));
  auto owner = *own_user_sid();
  for (auto& path : {fs::path{there.path}, there.file()}) {
    PACL list = nullptr;
    PSECURITY_DESCRIPTOR made = nullptr;
    REQUIRE(::GetNamedSecurityInfoW(path.c_str(), SE_FILE_OBJECT,
                                    DACL_SECURITY_INFORMATION, nullptr, nullptr,
                                    &list, nullptr, &made)
            == ERROR_SUCCESS);
    local_memory<> owned{made};
    REQUIRE(list != nullptr);
    REQUIRE(list->AceCount == 3);
    for (DWORD i = 0; i < list->AceCount; ++i) {
      void* entry = nullptr;
      REQUIRE(::GetAce(list, i, &entry));
      auto* allowed = static_cast<ACCESS_ALLOWED_ACE*>(entry);
      CHECK(allowed->Header.AceType == ACCESS_ALLOWED_ACE_TYPE);
      auto whose = sid_text(&allowed->SidStart);
      CHECK((whose == owner || whose == "S-1-5-18" || whose == "S-1-5-32-544"));
    }
  }
}
