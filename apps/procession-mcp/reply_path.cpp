#include "reply_path.hpp"

#include <cstddef>
#include <utility>

struct reply_path::answers {
  rpc::json given = rpc::json::array();
  /// One more than the requests so far, until the batch has been read.
  std::size_t missing = 1;
};

reply_path::reply_path(line_io& io) : io_(&io) {
  // nop
}

reply_path reply_path::batch() const {
  auto result = *this;
  result.batch_ = std::make_shared<answers>();
  return result;
}

void reply_path::expect() const {
  if (batch_)
    ++batch_->missing;
}

void reply_path::result(const rpc::json& id, rpc::json result) const {
  send(rpc::make_result(id, std::move(result)));
}

void reply_path::error(const rpc::failure& x) const {
  send(rpc::make_error(x));
}

void reply_path::nothing() const {
  if (batch_ && --batch_->missing == 0 && !batch_->given.empty())
    io_->write(rpc::to_line(batch_->given));
}

void reply_path::send(rpc::json response) const {
  if (!batch_)
    return io_->write(rpc::to_line(response));
  batch_->given.push_back(std::move(response));
  nothing();
}
