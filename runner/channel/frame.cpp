#include "procession/runner/channel/frame.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace procession {

namespace {

/// Room for headers and small bodies. The part of a large body that arrives
/// together with its header is copied once more, so this is small compared to a
/// data frame.
constexpr std::size_t scratch_size = 4096;

template <class T>
void put(std::byte*& to, T x) noexcept {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    *to++ = static_cast<std::byte>(static_cast<std::uint64_t>(x) >> (8 * i));
}

template <class T>
T get(const std::byte*& from) noexcept {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    result |= std::to_integer<std::uint64_t>(*from++) << (8 * i);
  return static_cast<T>(result);
}

/// How many bytes of foreign input an error quotes.
constexpr std::size_t max_quoted = 256;

/// Returns the beginning of bytes that may be text, for people.
std::string beginning_of(std::span<const std::byte> bytes) {
  std::string result;
  for (auto byte : bytes.first(std::min(bytes.size(), max_quoted))) {
    auto c = std::to_integer<unsigned char>(byte);
    result += c < ' ' || c >= 0x7f ? '.' : static_cast<char>(c);
  }
  return result;
}

failure violation(std::string text) {
  return {errc::protocol_violation, {stage::channel, 0, std::move(text)}};
}

/// Bytes that do not begin a frame are usually a login message.
failure no_hello(std::span<const std::byte> bytes) {
  return violation("it does not begin with a hello of version "
                   + std::to_string(protocol_version) + " but with \""
                   + beginning_of(bytes) + '"');
}

/// Whether bytes may begin the header of a first frame. Text fails at its third
/// byte, so that it is refused before a whole header has arrived.
bool may_begin(std::span<const std::byte> bytes) noexcept {
  frame_header_bytes whole{};
  auto n = std::min(bytes.size(), whole.size());
  std::copy_n(bytes.begin(), n, whole.begin());
  auto x = decode(whole);
  return x.length <= max_first_body && (n <= 4 || x.version == protocol_version)
         && (n <= 5
             || x.type == frame_type::hello
             // A side that refuses the other sends no hello, but may say why.
             || x.type == frame_type::goodbye);
}

} // namespace

std::string to_string(frame_type x) {
  static constexpr std::pair<frame_type, const char*> names[] = {
    {frame_type::hello, "hello"},
    {frame_type::ping, "ping"},
    {frame_type::pong, "pong"},
    {frame_type::goodbye, "goodbye"},
    {frame_type::spawn, "spawn"},
    {frame_type::input, "input"},
    {frame_type::close_input, "close_input"},
    {frame_type::resize, "resize"},
    {frame_type::signal, "signal"},
    {frame_type::terminate, "terminate"},
    {frame_type::kill, "kill"},
    {frame_type::finish, "finish"},
    {frame_type::output_credit, "output_credit"},
    {frame_type::abandon, "abandon"},
    {frame_type::spawned, "spawned"},
    {frame_type::spawn_failed, "spawn_failed"},
    {frame_type::output, "output"},
    {frame_type::input_credit, "input_credit"},
    {frame_type::input_broken, "input_broken"},
    {frame_type::answered, "answered"},
    {frame_type::exited, "exited"},
    {frame_type::closed, "closed"},
    {frame_type::notified, "notified"},
    {frame_type::input_refused, "input_refused"},
    {frame_type::stopped, "stopped"},
    {frame_type::continued, "continued"},
  };
  for (auto [type, name] : names)
    if (type == x)
      return name;
  return "frame of type " + std::to_string(static_cast<int>(x));
}

frame_header_bytes encode(const frame_header& x) noexcept {
  frame_header_bytes result;
  auto* to = result.data();
  put(to, x.length);
  put(to, x.version);
  put(to, static_cast<std::uint8_t>(x.type));
  put(to, x.flags);
  put(to, x.session);
  put(to, x.sequence);
  return result;
}

frame_header
decode(std::span<const std::byte, frame_header_size> bytes) noexcept {
  frame_header result;
  auto* from = bytes.data();
  result.length = get<std::uint32_t>(from);
  result.version = get<std::uint8_t>(from);
  result.type = static_cast<frame_type>(get<std::uint8_t>(from));
  result.flags = get<std::uint16_t>(from);
  result.session = get<std::uint64_t>(from);
  result.sequence = get<std::uint64_t>(from);
  return result;
}

shared_bytes frame::take_body(chunk_tail& tail) {
  if (body_.size() > chunk_pool::block_size)
    return shared_bytes{std::string_view{
      reinterpret_cast<const char*>(body_.data()), body_.size()}};
  if (!in_pool_)
    std::memcpy(pool_->scratch().data(), body_.data(), body_.size());
  return pool_->take(body_.size(), tail);
}

frame_decoder::frame_decoder()
  : scratch_(std::make_unique_for_overwrite<std::byte[]>(scratch_size)) {
  // nop
}

frame_decoder::rooms frame_decoder::room() {
  if (reading_ == reading::header)
    return {std::span{scratch_.get() + end_, scratch_size - end_}, {}};
  return {body_room(header_.length).subspan(body_filled_),
          std::span{scratch_.get(), scratch_size}};
}

std::span<std::byte> frame_decoder::body_room(std::size_t n) {
  if (n <= chunk_pool::block_size)
    return pool_.scratch().first(n);
  if (large_ == nullptr)
    large_ = std::make_unique_for_overwrite<std::byte[]>(n);
  return {large_.get(), n};
}

std::optional<failure> frame_decoder::check(const frame_header& x) {
  if (x.version != protocol_version)
    return violation("a frame has the protocol version "
                     + std::to_string(x.version) + ", ours is "
                     + std::to_string(protocol_version));
  if (x.length > max_frame_body)
    return violation("a frame claims " + std::to_string(x.length) + " bytes");
  if (x.sequence != ++last_sequence_)
    return violation("frame " + std::to_string(last_sequence_)
                     + " has the number " + std::to_string(x.sequence));
  return std::nullopt;
}

std::optional<failure>
frame_decoder::filled(std::size_t n, const sink& on_frame,
                      const std::function<bool()>& wanted) {
  if (bad_)
    return bad_;
  if (reading_ == reading::body) {
    auto rest = header_.length - body_filled_;
    auto taken = std::min(n, rest);
    body_filled_ += taken;
    n -= taken;
    begin_ = 0;
    end_ = n;
    if (taken < rest)
      return std::nullopt;
    reading_ = reading::header;
    auto in_pool = large_ == nullptr;
    auto x = frame{header_, body_room(header_.length), &pool_, in_pool};
    on_frame(x);
    large_.reset();
  } else {
    end_ += n;
  }
  return parse(on_frame, wanted);
}

std::optional<failure>
frame_decoder::parse(const sink& on_frame,
                     const std::function<bool()>& wanted) {
  auto rest = std::span{scratch_.get() + begin_, end_ - begin_};
  if (last_sequence_ == 0 && wanted() && !may_begin(rest)) {
    bad_ = no_hello(rest);
    begin_ = end_ = 0;
    return bad_;
  }
  while (wanted() && end_ - begin_ >= frame_header_size) {
    auto* at = scratch_.get() + begin_;
    header_ = decode(
      std::span<const std::byte, frame_header_size>{at, frame_header_size});
    bad_ = check(header_);
    if (bad_) {
      begin_ = end_ = 0;
      return bad_;
    }
    begin_ += frame_header_size;
    auto here = std::span<const std::byte>{at + frame_header_size,
                                           end_ - begin_};
    if (here.size() >= header_.length) {
      begin_ += header_.length;
      auto x = frame{header_, here.first(header_.length), &pool_, false};
      on_frame(x);
      continue;
    }
    auto room = body_room(header_.length);
    std::memcpy(room.data(), here.data(), here.size());
    body_filled_ = here.size();
    reading_ = reading::body;
    begin_ = end_ = 0;
  }
  // At most a part of a header is left.
  std::memmove(scratch_.get(), scratch_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  return std::nullopt;
}

std::optional<failure>
frame_decoder::feed(std::span<const std::byte> bytes, const sink& on_frame,
                    const std::function<bool()>& wanted) {
  while (!bytes.empty() && wanted()) {
    auto to = room();
    auto first = std::min(bytes.size(), to[0].size());
    std::memcpy(to[0].data(), bytes.data(), first);
    auto second = std::min(bytes.size() - first, to[1].size());
    if (second > 0)
      std::memcpy(to[1].data(), bytes.data() + first, second);
    bytes = bytes.subspan(first + second);
    if (auto bad = filled(first + second, on_frame, wanted))
      return bad;
  }
  return std::nullopt;
}

std::optional<failure> frame_decoder::at_end() const {
  auto rest = std::span{scratch_.get() + begin_, end_ - begin_};
  if (reading_ == reading::header && rest.empty())
    return std::nullopt;
  if (last_sequence_ == 0)
    return no_hello(rest);
  return failure{errc::runner_lost,
                 {stage::channel, 0, "the channel ended inside a frame"}};
}

} // namespace procession
