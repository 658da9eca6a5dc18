#include "procession/actors/exec/pending_input.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace procession {

namespace {

/// Bytes of input that are sent to a session at a time.
constexpr std::uint64_t piece_size = 256 * 1024;

/// Bytes of input that several requests together may leave waiting for one
/// process. If no input waits, a request may bring any amount.
constexpr std::uint64_t max_waiting_input = 1024 * 1024;

} // namespace

caf::error pending_input::check_room(std::uint64_t more) const {
  if (bytes_ == 0 || bytes_ + more <= max_waiting_input)
    return {};
  return make_error(errc::stdin_full, stage::run,
                    std::to_string(bytes_)
                      + " bytes of earlier input wait for the process to read "
                        "them, and with "
                      + std::to_string(more) + " more they would exceed the "
                      + std::to_string(max_waiting_input)
                      + " that may wait; nothing of this input was sent");
}

caf::error pending_input::take_refusal() {
  return std::exchange(refused_, {});
}

void pending_input::send(session to, std::vector<input_step> steps,
                         std::uint64_t request) {
  to_ = std::move(to);
  auto first = steps.begin();
  for (; first != steps.end(); ++first)
    if (auto* signal = std::get_if<signal_name>(&*first))
      ask(request, signal_atom_v, *signal);
    else
      break;
  for (; first != steps.end(); ++first) {
    if (auto* bytes = std::get_if<shared_bytes>(&*first))
      bytes_ += bytes->size();
    parts_.push_back({std::move(*first), request});
  }
  send_next();
}

void pending_input::send_next() {
  // Sent one after the other, so that no later input overtakes a refused piece.
  while (piece_ == 0 && !parts_.empty()) {
    auto& [step, request] = parts_.front();
    if (auto* bytes = std::get_if<shared_bytes>(&step))
      send_piece(request, *bytes);
    else if (auto* signal = std::get_if<signal_name>(&step))
      ask(request, signal_atom_v, *signal);
    else
      ask(request, close_stdin_atom_v);
    if (auto* bytes = std::get_if<shared_bytes>(&step);
        bytes == nullptr || bytes->empty())
      parts_.pop_front();
  }
}

void pending_input::send_piece(std::uint64_t request, shared_bytes& from) {
  auto bytes = from.first(piece_size);
  from = from.from(bytes.size());
  piece_ = ++last_number_;
  self_->request(to_, caf::infinite, write_atom_v, std::move(bytes))
    .then(
      [weak = weak_from_this(), piece = piece_, request](std::uint64_t n) {
        if (auto self = weak.lock())
          self->on_taken(piece, request, n);
      },
      [weak = weak_from_this(), piece = piece_, request](caf::error& why) {
        if (auto self = weak.lock())
          self->on_refused(piece, request, why);
      });
}

template <class... Ts>
void pending_input::ask(std::uint64_t request, Ts... what) {
  self_->request(to_, caf::infinite, what...)
    .then([] {},
          [weak = weak_from_this(), request](caf::error& why) {
            auto self = weak.lock();
            if (self && self->owner_.waiting_request() == request
                && !is(why, errc::already_exited))
              self->owner_.on_input_failed(why);
          });
}

void pending_input::on_taken(std::uint64_t piece, std::uint64_t request,
                             std::uint64_t bytes) {
  // The piece was dropped meanwhile.
  if (piece_ != piece)
    return;
  piece_ = 0;
  bytes_ -= bytes;
  owner_.on_input_taken(request, bytes);
  send_next();
}

void pending_input::on_refused(std::uint64_t piece, std::uint64_t request,
                               const caf::error& why) {
  if (piece_ != piece)
    return;
  auto waiting = owner_.waiting_request();
  auto heard = waiting == request
               || std::any_of(parts_.begin(), parts_.end(),
                              [&](auto& x) { return x.request == waiting; });
  // Later input would follow a gap, so it is dropped too.
  piece_ = 0;
  bytes_ = 0;
  parts_.clear();
  // The answer will report the end of the process.
  if (is(why, errc::already_exited))
    return;
  if (heard)
    owner_.on_input_failed(why);
  else
    refused_ = why;
}

} // namespace procession
