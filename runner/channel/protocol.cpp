#include "procession/runner/channel/protocol.hpp"

#include "procession/io/text/printable.hpp"

#include <string_view>
#include <vector>

namespace procession::protocol {

namespace {

/// Longer texts from the other side are cut.
constexpr std::size_t max_text = 4096;

template <class Enum>
bool within(Enum x, Enum first, Enum last) {
  return x >= first && x <= last;
}

/// Text shown to a person must not control the terminal.
void tame(std::string& text) {
  text = printable(std::string_view{text}.substr(0, max_text));
}

bool accept(failure& x) {
  tame(x.detail.text);
  return within(x.code, errc::invalid_argument, last_errc)
         && within(x.detail.at, stage::none, last_stage);
}

bool accept(exit_status& x) {
  auto sane = [](caf::timespan time) {
    return time >= caf::timespan::zero()
           && time <= caf::timespan{max_timespan} * 100;
  };
  switch (x.cause) {
    case exit_cause::exited:
    case exit_cause::unknown:
      return x.signal == 0 && sane(x.user_time) && sane(x.system_time);
    case exit_cause::signaled:
      return x.signal > 0 && x.signal < 128 && sane(x.user_time)
             && sane(x.system_time);
    case exit_cause::start_failed:
    case exit_cause::runner_lost:
      break;
  }
  return false;
}

bool accept(hello& x) {
  tame(x.user);
  return x.nonce.size() <= max_text && x.pid >= 0;
}

bool accept(goodbye& x) {
  return accept(x.why);
}

bool accept(spawn& x) {
  return within(x.spec.stdio.kind, stdio_kind::pty, stdio_kind::merged)
         && within(x.spec.stdio.input, stdin_kind::pipe, stdin_kind::null)
         && within(x.spec.kill.background, background_policy::end,
                   background_policy::keep)
         && within(x.spec.unsubscribed, unsubscribed_policy::retain,
                   unsubscribed_policy::pause)
         && within(x.spec.owner, ownership::sender, ownership::spawner)
         && !validate(x.spec);
}

bool accept(resize& x) {
  return !validate(x.size);
}

bool accept(signal& x) {
  return within(x.name, signal_name::interrupt, last_signal_name);
}

bool accept(terminate& x) {
  return within(x.by, signal_name::interrupt, last_signal_name);
}

bool accept(credit& x) {
  return x.bytes > 0;
}

bool accept(spawned& x) {
  return x.pid > 0
         && within(x.containment, containment_kind::unknown,
                   containment_kind::job);
}

bool accept(failed& x) {
  return accept(x.why);
}

bool accept(answered& x) {
  // A success has no failure; its detail is ignored.
  if (x.done)
    x.why = {};
  return accept(x.why);
}

bool accept(input_refused& x) {
  return x.bytes > 0 && accept(x.why);
}

bool accept(stopped& x) {
  return x.signal > 0 && x.signal < 128;
}

bool accept(exited& x) {
  return accept(x.status);
}

bool accept(closed&) {
  return true;
}

} // namespace

template <class T>
std::string encode(const T& body) {
  std::vector<char> bytes;
  // Writing to memory cannot fail.
  to_binary(body, bytes);
  return {bytes.data(), bytes.size()};
}

template <class T>
std::optional<T> decode(std::span<const std::byte> bytes) {
  T result;
  if (!from_binary(reinterpret_cast<const char*>(bytes.data()), bytes.size(),
                   result)
      || !accept(result))
    return std::nullopt;
  return result;
}

#define PROCESSION_BODY(type)                                                  \
  template std::string encode(const type&);                                    \
  template std::optional<type> decode(std::span<const std::byte>)

PROCESSION_BODY(hello);
PROCESSION_BODY(goodbye);
PROCESSION_BODY(spawn);
PROCESSION_BODY(resize);
PROCESSION_BODY(signal);
PROCESSION_BODY(terminate);
PROCESSION_BODY(credit);
PROCESSION_BODY(spawned);
PROCESSION_BODY(failed);
PROCESSION_BODY(answered);
PROCESSION_BODY(input_refused);
PROCESSION_BODY(stopped);
PROCESSION_BODY(exited);
PROCESSION_BODY(closed);

#undef PROCESSION_BODY

expected<hello> read_hello(const frame& x, const std::string& sender) {
  auto violation = [](std::string text) {
    return failure{errc::protocol_violation,
                   {stage::hello, 0, std::move(text)}};
  };
  auto result = decode<hello>(x.body());
  if (x.header().type != frame_type::hello || x.header().session != 0
      || !result)
    return violation("the " + sender + " did not begin with a hello");
  if (result->version != protocol_version)
    return violation("the " + sender + " speaks version "
                     + std::to_string(result->version) + ", we speak "
                     + std::to_string(protocol_version));
  return std::move(*result);
}

failure breach(const frame_header& x, const std::string& sender,
               const char* wrong) {
  return {errc::protocol_violation,
          {stage::channel, 0,
           "the " + sender + "'s frame " + std::to_string(x.sequence) + ", "
             + to_string(x.type) + " of session " + std::to_string(x.session)
             + ", " + wrong}};
}

} // namespace procession::protocol
