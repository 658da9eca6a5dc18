#include "../common/phase.hpp"
#include "child.hpp"
#include "measured.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace procession::bench {

namespace {

/// The usage of the children that were waited for.
usage children_usage() {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  auto seconds = [](const timeval& x) { return x.tv_sec + x.tv_usec * 1e-6; };
  return {seconds(used.ru_utime) + seconds(used.ru_stime),
          static_cast<std::uint64_t>(used.ru_nvcsw),
          static_cast<std::uint64_t>(used.ru_nivcsw)};
}

/// The usage of another process that runs, without its children; the switches
/// of its threads that have ended are missing.
usage usage_of(pid_t pid) {
  usage result;
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) == 0
      && ::clock_gettime(clock, &time) == 0)
    result.cpu = time.tv_sec + time.tv_nsec * 1e-9;
  namespace fs = std::filesystem;
  auto tasks = fs::path{"/proc"} / std::to_string(pid) / "task";
  for (auto& task : fs::directory_iterator{tasks}) {
    std::ifstream in{task.path() / "status"};
    std::string name;
    std::string value;
    while (in >> name && std::getline(in, value))
      if (name == "voluntary_ctxt_switches:")
        result.voluntary_switches += std::stoull(value);
      else if (name == "nonvoluntary_ctxt_switches:")
        result.involuntary_switches += std::stoull(value);
  }
  return result;
}

void print_usage(const usage& before, const usage& after, double seconds,
                 std::uint64_t operations) {
  print("seconds", seconds);
  print("operations", static_cast<double>(operations));
  print("cpu_s", after.cpu - before.cpu);
  print("nvcsw", static_cast<double>(after.voluntary_switches
                                     - before.voluntary_switches));
  print("nivcsw", static_cast<double>(after.involuntary_switches
                                      - before.involuntary_switches));
}

/// A client that waits for each answer.
class mcp_client {
public:
  explicit mcp_client(const std::vector<std::string>& server)
    : server_(wiring::pipes, server) {
    // nop
  }

  pid_t server() const noexcept {
    return server_.pid();
  }

  /// Sends a message without waiting.
  void send(std::string_view message) {
    auto line = std::string{message} + "\n";
    server_.write_all(line.data(), line.size());
  }

  /// @throws std::runtime_error if the answer is an error
  void ask(std::string_view message) {
    send(message);
    auto end = buffered_.find('\n');
    while (end == std::string::npos) {
      auto had = buffered_.size();
      buffered_.resize(had + 4096);
      auto n = server_.read_some(buffered_.data() + had, 4096);
      buffered_.resize(had + n);
      if (n == 0)
        throw std::runtime_error{"the server has ended"};
      end = buffered_.find('\n', had);
    }
    auto answer = buffered_.substr(0, end);
    buffered_.erase(0, end + 1);
    if (answer.find("\"result\"") == std::string::npos
        || answer.find("\"isError\":true") != std::string::npos)
      throw std::runtime_error{"the server answered " + answer};
  }

  /// Closes the server's input, which ends it.
  void close() {
    server_.close_input();
    server_.drain();
    server_.expect_success();
  }

private:
  child server_;
  std::string buffered_;
};

constexpr std::string_view hello
  = R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":)"
    R"({"protocolVersion":"2025-11-25","capabilities":{},)"
    R"("clientInfo":{"name":"bench","version":"0"}}})";

constexpr std::string_view hello_done
  = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";

std::string call_of_true(std::uint64_t id) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id)
         + R"(,"method":"tools/call","params":{"name":"exec_command",)"
           R"("arguments":{"cmd":"true"}}})";
}

} // namespace

void command_line(arguments& args) {
  auto count = args.number();
  auto bytes = args.number();
  auto command = args.command();
  auto run = [&] { child{wiring::nothing, command}.expect_success(); };
  run();
  std::vector<double> times;
  times.reserve(count);
  auto before = children_usage();
  stopwatch all;
  while (times.size() < count) {
    stopwatch time;
    run();
    times.push_back(time.seconds());
  }
  auto seconds = all.seconds();
  print_times(std::move(times));
  print_usage(before, children_usage(), seconds, count);
  if (bytes > 0)
    print("mib_per_s",
          static_cast<double>(bytes * count) / (1 << 20) / seconds);
}

void mcp(arguments& args) {
  auto count = args.number();
  mcp_client client{args.command()};
  client.ask(hello);
  client.send(hello_done);
  client.ask(call_of_true(1));
  std::vector<double> times;
  times.reserve(count);
  auto before = usage_of(client.server());
  stopwatch all;
  while (times.size() < count) {
    stopwatch time;
    client.ask(call_of_true(times.size() + 2));
    times.push_back(time.seconds());
  }
  auto seconds = all.seconds();
  print_times(std::move(times));
  print_usage(before, usage_of(client.server()), seconds, count);
  client.close();
}

} // namespace procession::bench
