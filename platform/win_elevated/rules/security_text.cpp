#include "procession/platform/win_elevated/rules/security_text.hpp"

namespace procession::windows {

namespace {

// Abbreviations of the language ("SID Strings" on MSDN).
constexpr auto the_system = std::string_view{"SY"};
constexpr auto administrators = std::string_view{"BA"};

std::string allow_all(std::string_view inherit, std::string_view who) {
  return std::string{"(A;"}.append(inherit).append(";GA;;;").append(who).append(
    ")");
}

std::string private_to(std::string_view owner, std::string_view inherit) {
  auto result = std::string{"O:"}.append(owner).append("D:P");
  for (auto who : {owner, the_system, administrators})
    result += allow_all(inherit, who);
  return result;
}

} // namespace

std::string private_security(std::string_view owner) {
  return private_to(owner, "");
}

std::string private_directory_security(std::string_view owner) {
  return private_to(owner, "OICI");
}

std::string default_security(const std::vector<std::string>& users) {
  auto result = std::string{"D:"} + allow_all("", the_system);
  for (auto& user : users)
    result += allow_all("", user);
  return result;
}

} // namespace procession::windows
