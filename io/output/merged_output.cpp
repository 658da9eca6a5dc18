#include "procession/io/output/merged_output.hpp"

#include "procession/io/text/utf8.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

std::string& of(std::string (&all)[2], stream_kind stream) {
  return all[static_cast<std::size_t>(stream)];
}

} // namespace

void merged_output::append(stream_kind stream, std::string_view bytes) {
  auto& begun = of(begun_, stream);
  std::string joined;
  if (!begun.empty()) {
    joined = std::exchange(begun, {});
    joined += bytes;
    bytes = joined;
  }
  auto left = utf8::incomplete_tail(bytes);
  append_whole(stream, bytes.substr(0, bytes.size() - left));
  begun.assign(bytes.substr(bytes.size() - left));
}

void merged_output::lose(stream_kind stream, std::uint64_t bytes) {
  append_whole(stream, std::exchange(of(begun_, stream), {}));
  kept_.lose(bytes);
  bytes_[stream] += bytes;
}

void merged_output::end() {
  for (auto stream : {stream_kind::out, stream_kind::err})
    append_whole(stream, std::exchange(of(begun_, stream), {}));
}

void merged_output::append_whole(stream_kind stream, std::string_view bytes) {
  kept_.append(bytes);
  bytes_[stream] += bytes.size();
}

excerpt merged_output::take(std::uint64_t budget) {
  auto [head, omitted, tail] = kept_.take();
  if (omitted == 0) {
    head += std::exchange(tail, {});
  } else {
    // The buffer may have cut through a character.
    auto cut = utf8::incomplete_tail(head);
    head.resize(head.size() - cut);
    auto rest = utf8::continuation_head(tail);
    tail.erase(0, rest);
    omitted += cut + rest;
  }
  // The head gets half of the budget, and the part that the tail does not need.
  auto head_budget = std::max(
    budget / 2, budget - std::min(budget, utf8::sound_size(tail)));
  if (omitted == 0 && utf8::sound_size(head) > budget)
    head_budget = budget / 2;
  auto front = utf8::take_front(head, head_budget);
  auto between = std::string_view{head}.substr(front.bytes);
  auto back = utf8::take_back(omitted == 0 ? between : std::string_view{tail},
                              budget - front.text.size());
  return {.head = std::move(front.text),
          .omitted = omitted + between.size() + tail.size() - back.bytes,
          .tail = std::move(back.text),
          .invalid = front.invalid + back.invalid,
          .bytes = std::exchange(bytes_, {})};
}

} // namespace procession
