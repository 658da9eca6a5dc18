#pragma once

#include "json_rpc.hpp"
#include "line_io.hpp"

#include <memory>

/// The way of an answer to the client: out at once, or into the answer to the
/// batch in which the request came. Copies of a path lead to the same batch.
class reply_path {
public:
  explicit reply_path(line_io& io);

  /// A path into a new batch. Its answers go out together, after the last that
  /// is expected; `nothing` says that no more will be.
  reply_path batch() const;

  bool in_batch() const noexcept {
    return batch_ != nullptr;
  }

  /// Announces one more answer. Outside of a batch this means nothing.
  void expect() const;

  void result(const rpc::json& id, rpc::json result) const;
  void error(const rpc::failure& x) const;

  /// Ends an expected answer that is not to be sent.
  void nothing() const;

private:
  struct answers;

  void send(rpc::json response) const;

  line_io* io_;
  std::shared_ptr<answers> batch_;
};
