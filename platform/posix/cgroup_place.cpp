#include "procession/platform/posix/cgroup_place.hpp"

#include "procession/platform/posix/fd.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace procession::posix {

namespace {

/// Removes the text before the first `separator` from `text`, and returns it.
std::string_view take(std::string_view& text, char separator) {
  auto end = text.find(separator);
  auto result = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return result;
}

/// Undoes the escapes of mountinfo: `\040` is a space.
std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      auto digit = [&](std::size_t at) { return text[i + at] - '0'; };
      result += static_cast<char>(digit(1) * 64 + digit(2) * 8 + digit(3));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// Whether `text` has ".." among its components: a place outside our cgroup
/// namespace.
bool leads_out(std::string_view text) {
  while (!text.empty())
    if (take(text, '/') == "..")
      return true;
  return false;
}

} // namespace

std::string_view cgroup_name(std::string_view membership) {
  while (!membership.empty())
    if (auto line = take(membership, '\n'); line.substr(0, 3) == "0::")
      return line.substr(3);
  return {};
}

std::optional<cgroup_place> find_cgroup(std::string_view mountinfo,
                                        std::string_view membership) {
  auto name = cgroup_name(membership);
  if (name.empty() || leads_out(name))
    return std::nullopt;
  while (!mountinfo.empty()) {
    auto line = take(mountinfo, '\n');
    // The number of fields varies; a lone hyphen ends them.
    auto hyphen = line.find(" - ");
    if (hyphen == std::string_view::npos
        || line.substr(hyphen + 3, 8) != "cgroup2 ")
      continue;
    for (auto i = 0; i < 3; ++i)
      take(line, ' ');
    auto root = unescape(take(line, ' '));
    auto mount_point = unescape(take(line, ' '));
    if (root == "/")
      root.clear();
    if (leads_out(root) || name.substr(0, root.size()) != root)
      continue;
    auto below = name.substr(root.size());
    if (!below.empty() && below.front() != '/')
      continue;
    if (below == "/")
      below = {};
    return cgroup_place{mount_point + std::string{below}, std::string{name}};
  }
  return std::nullopt;
}

std::optional<cgroup_place> own_cgroup(std::error_code& ec) {
  auto mounts = read_text("/proc/self/mountinfo", ec);
  if (ec)
    return std::nullopt;
  auto membership = read_text("/proc/self/cgroup", ec);
  return find_cgroup(mounts, membership);
}

std::string read_text(const std::string& path, std::error_code& ec) {
  std::string result;
  auto file = unique_fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  char part[4096];
  ssize_t n = file ? 1 : -1;
  while (n > 0 && (n = ::read(file.get(), part, sizeof(part))) > 0)
    result.append(part, static_cast<std::size_t>(n));
  if (n < 0)
    ec = last_error();
  return result;
}

std::string read_text(const std::string& path) {
  std::error_code ignored;
  return read_text(path, ignored);
}

} // namespace procession::posix
