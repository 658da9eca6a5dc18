/// The bodies of the runner protocol: decoding any bytes does no harm, and a
/// decoded body can be sent on as it is.

#include "frames.hpp"
#include "input.hpp"

namespace {

using namespace procession;
using fuzz::bytes_of;
using fuzz::expect;

template <class T>
void check(std::string_view bytes) {
  auto first = protocol::decode<T>(bytes_of(bytes));
  if (!first)
    return;
  auto sent = protocol::encode(*first);
  auto second = protocol::decode<T>(bytes_of(sent));
  expect(second.has_value(), "what was decoded can be encoded");
  expect(protocol::encode(*second) == sent, "encoding changes nothing");
}

constexpr void (*checks[])(std::string_view) = {
  check<protocol::hello>,   check<protocol::goodbye>, check<protocol::spawn>,
  check<protocol::resize>,  check<protocol::signal>,  check<protocol::credit>,
  check<protocol::spawned>, check<protocol::failed>,  check<protocol::answered>,
  check<protocol::exited>,  check<protocol::closed>,
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto which = in.below(std::size(checks));
  checks[which](in.rest());
  return 0;
}
