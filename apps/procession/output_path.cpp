#include "output_path.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace procession::cli {

output_path::output_path(hooks ask)
  : ask_(std::move(ask)), thread_(ask_.deliver) {
  // nop
}

void output_path::write(stream_kind stream, shared_bytes bytes,
                        std::uint64_t credit) {
  if (dropped(stream))
    return acknowledge(credit);
  ++writing_;
  thread_.write(stream, std::move(bytes), credit);
}

bool output_path::on_written(const write_done& x) {
  --writing_;
  acknowledge(x.credit);
  if (!x.error || std::exchange(dropped(x.stream), true))
    return false;
  spdlog::debug("writing to our {}: {}", to_string(x.stream),
                x.error.message());
  // A user who closes the error output wants no messages, but a missing
  // standard output means lost output.
  if (x.stream == stream_kind::err && no_such_stream(x.error))
    return false;
  if (reader_gone(x.error))
    reader_gone_ = true;
  else
    error_ = x.error;
  return true;
}

void output_path::acknowledge(std::uint64_t credit) {
  if (credit > 0)
    ask_.acknowledge(credit);
}

} // namespace procession::cli
