#include "../common/phase.hpp"
#include "child.hpp"
#include "measured.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace procession::bench {

namespace {

constexpr std::size_t buffer_size = 256 * 1024;

} // namespace

void flood(arguments& args) {
  auto how = wiring_named(args.word());
  auto bytes = args.number();
  auto command = args.command();
  std::vector<char> buffer(buffer_size);
  std::uint64_t got = 0;
  phase measured;
  child source{how == wiring::pipes ? wiring::no_input : how, command};
  while (auto n = source.read_some(buffer.data(), buffer.size()))
    got += n;
  source.drain();
  source.expect_success();
  measured.stop();
  expect_bytes(got, bytes);
  print_flow(measured, bytes);
}

void feed(arguments& args) {
  auto bytes = args.number();
  std::vector<char> block(args.number(), 'x');
  auto command = args.command();
  phase measured;
  child sink{wiring::pipes, command};
  for (auto left = bytes; left > 0;) {
    auto n = std::min<std::uint64_t>(left, block.size());
    sink.write_all(block.data(), n);
    left -= n;
  }
  sink.close_input();
  std::string answer(64, '\0');
  answer.resize(sink.read_some(answer.data(), answer.size()));
  sink.drain();
  sink.expect_success();
  measured.stop();
  expect_bytes(std::stoull(answer), bytes);
  print_flow(measured, bytes);
}

void fanout(arguments& args) {
  std::vector<std::uint64_t> seen(args.number());
  auto bytes = args.number();
  child source{wiring::pipes, args.command()};
  std::vector<char> buffer(buffer_size);
  phase measured;
  source.write_all("x", 1);
  while (auto n = source.read_some(buffer.data(), buffer.size()))
    for (auto& subscriber : seen)
      subscriber += n;
  measured.stop();
  source.expect_success();
  for (auto got : seen)
    expect_bytes(got, bytes);
  print_flow(measured, bytes);
}

} // namespace procession::bench
