/// The decoder of frames: the frames do not depend on the pieces in which the
/// bytes came, and it does not allocate memory because a header claims a size.

#include "frames.hpp"
#include "input.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace {

/// The largest allocation since it was set to 0.
std::size_t largest = 0;

} // namespace

void* operator new(std::size_t n) {
  largest = std::max(largest, n);
  if (auto* result = std::malloc(n))
    return result;
  throw std::bad_alloc{};
}

void* operator new[](std::size_t n) {
  return operator new(n);
}

void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  return std::malloc(n);
}

void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
  return std::malloc(n);
}

void operator delete(void* x) noexcept {
  std::free(x);
}

void operator delete(void* x, std::size_t) noexcept {
  std::free(x);
}

void operator delete[](void* x) noexcept {
  std::free(x);
}

void operator delete[](void* x, std::size_t) noexcept {
  std::free(x);
}

namespace {

using namespace procession;
using fuzz::expect;

/// Enough for a body of the largest size and for one that claims to be larger.
constexpr std::size_t max_stream = 3 * max_frame_body;

/// Sizes at which the decoder's behaviour changes.
constexpr std::array<std::uint64_t, 12> edges{
  0,
  1,
  23,
  4071,
  4072,
  4073,
  65535,
  65536,
  65537,
  max_frame_body,
  max_frame_body - 1,
  max_frame_body + 1,
};

/// Returns a stream that begins well more often than at random.
std::string make_stream(fuzz::input& in) {
  std::string result;
  std::uint64_t sequence = 0;
  while (!in.empty() && result.size() < max_stream) {
    auto kind = in.byte();
    if (kind % 8 == 7) {
      result += in.bytes(in.byte());
      continue;
    }
    frame_header head;
    head.type = sequence == 0 && kind % 8 != 6
                  ? frame_type::hello
                  : static_cast<frame_type>(in.byte());
    head.session = in.byte();
    head.sequence = ++sequence;
    auto size = in.one_of(edges);
    head.length = static_cast<std::uint32_t>(size);
    if (kind % 8 == 6) {
      head.flags = static_cast<std::uint16_t>(in.number(2));
      head.sequence = in.number(8);
      head.version = in.byte();
      head.length = static_cast<std::uint32_t>(in.number(4));
    }
    auto body = std::string(size, static_cast<char>(sequence));
    auto some = in.bytes(in.byte() % 16);
    some.copy(body.data(), body.size());
    result += fuzz::to_bytes(head, body);
  }
  return result;
}

/// The result of decoding a stream.
struct outcome {
  std::vector<std::string> frames;
  std::string error;
  bool between = false;

  bool operator==(const outcome&) const = default;
};

class reader {
public:
  /// @param stop the number of frames after which no more are wanted.
  /// @param keep whether to take the bodies, as code that passes them on does.
  reader(std::size_t stop, bool keep) : stop_(stop), keep_(keep) {
    // nop
  }

  /// Takes bytes in one go.
  void feed(std::string_view bytes) {
    largest = 0;
    told(decoder_.feed(fuzz::bytes_of(bytes), on_frame(), wanted()));
  }

  /// Takes as many bytes as there is room for, as a channel does.
  std::size_t fill(std::string_view bytes) {
    largest = 0;
    auto rooms = decoder_.room();
    std::size_t n = 0;
    for (auto room : rooms) {
      auto m = std::min(room.size(), bytes.size() - n);
      if (m > 0)
        std::memcpy(room.data(), bytes.data() + n, m);
      n += m;
    }
    told(decoder_.filled(n, on_frame(), wanted()));
    return n;
  }

  bool done() const {
    return !result_.error.empty() || result_.frames.size() >= stop_;
  }

  outcome finish() {
    result_.between = !done() && !decoder_.at_end();
    for (auto& [bytes, copy] : kept_)
      expect(bytes.text() == copy, "a body that was taken stays as it is");
    return result_;
  }

  /// Checks that nothing comes after an error, even if it is fed more bytes.
  void feed_more(std::string_view bytes) {
    if (result_.error.empty())
      return;
    auto before = std::exchange(result_, {});
    feed(bytes);
    expect(result_.frames.empty(), "after an error nothing comes");
    expect(bytes.empty() || result_.error == before.error,
           "after an error there is but that error");
    result_ = std::move(before);
  }

private:
  std::function<void(frame&)> on_frame() {
    return [this](frame& x) {
      expect(largest <= max_frame_body, "no body is larger than allowed");
      expect(!done(), "nothing comes that is not wanted");
      auto head = x.header();
      expect(head.length == x.body().size(), "a body has its length");
      auto body = std::string{fuzz::text(x.body())};
      auto& all = result_.frames;
      all.push_back(fuzz::to_bytes(head, body));
      if (keep_)
        kept_.emplace_back(x.take_body(tail_), std::move(body));
      largest = 0;
    };
  }

  std::function<bool()> wanted() {
    return [this] { return !done(); };
  }

  void told(const std::optional<failure>& bad) {
    expect(largest <= max_frame_body, "no body is larger than allowed");
    // It quotes only bytes that have come by then.
    if (bad)
      result_.error = to_string(*bad);
    if (auto quote = result_.error.find('"'); quote != std::string::npos)
      result_.error.resize(quote);
  }

  frame_decoder decoder_;
  chunk_tail tail_;
  std::vector<std::pair<shared_bytes, std::string>> kept_;
  std::size_t stop_;
  bool keep_;
  outcome result_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto mode = in.byte();
  auto stop = (mode & 1) != 0 ? in.below(4) + 1 : std::size_t{1} << 20;
  std::vector<std::size_t> cuts(1 + (mode >> 1) % 4);
  for (auto& x : cuts)
    x = std::max<std::size_t>(1, in.one_of(edges));
  auto raw = (mode & 8) != 0;
  auto stream = raw ? std::string{in.rest()} : make_stream(in);
  reader whole{stop, false};
  whole.feed(stream);
  auto expected = whole.finish();
  // One byte at a time is slow for a large stream.
  auto smallest = std::max<std::size_t>(1, stream.size() / 4096);
  reader cut{stop, (mode & 16) != 0};
  reader filled{stop, (mode & 16) != 0};
  auto rest = std::string_view{stream};
  for (std::size_t i = 0; !rest.empty() && !cut.done(); ++i) {
    auto n = std::max(cuts[i % cuts.size()], smallest);
    auto piece = rest.substr(0, n);
    cut.feed(piece);
    rest.remove_prefix(piece.size());
  }
  rest = stream;
  for (std::size_t i = 0; !rest.empty() && !filled.done(); ++i) {
    auto n = std::max(cuts[i % cuts.size()], smallest);
    rest.remove_prefix(filled.fill(rest.substr(0, n)));
  }
  expect(cut.finish() == expected, "how it was cut does not matter");
  expect(filled.finish() == expected, "who filled the room does not matter");
  for (auto* x : {&whole, &cut, &filled}) {
    x->feed_more(rest);
    x->feed_more(stream);
  }
  return 0;
}
