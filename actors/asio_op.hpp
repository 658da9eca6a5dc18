#pragma once

#include <caf/unit.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include <type_traits>
#include <utility>

/// The operations of asio_process.hpp; internal.
namespace procession::detail {

/// An operation that waits for its completion.
class asio_op_base {
public:
  asio_op_base() = default;
  asio_op_base(const asio_op_base&) = delete;
  asio_op_base& operator=(const asio_op_base&) = delete;
  virtual ~asio_op_base() = default;

  /// Completes it with `operation_aborted`.
  virtual void abort() = 0;
};

/// An operation that completes with a `T`; `caf::unit_t` stands for no value.
template <class T>
class asio_op : public asio_op_base {
public:
  /// Posts the handler. Must be called at most once.
  virtual void complete(boost::system::error_code ec, T x) = 0;

  void abort() override {
    complete(boost::asio::error::operation_aborted, T{});
  }
};

/// An operation with its handler, which runs on the handler's associated
/// executor.
template <class T, class Handler>
class asio_op_for final : public asio_op<T> {
public:
  asio_op_for(Handler handler, const boost::asio::any_io_executor& io)
    : io_work_(io), work_(boost::asio::get_associated_executor(handler, io)),
      handler_(std::move(handler)) {
    // nop
  }

  void complete(boost::system::error_code ec, T x) override {
    auto where = work_.get_executor();
    boost::asio::post(where, [handler = std::move(handler_), ec,
                              x = std::move(x), work = std::move(work_),
                              io_work = std::move(io_work_)]() mutable {
      if constexpr (std::is_same_v<T, caf::unit_t>)
        std::move(handler)(ec);
      else
        std::move(handler)(ec, std::move(x));
    });
  }

private:
  using executor
    = boost::asio::associated_executor_t<Handler, boost::asio::any_io_executor>;

  boost::asio::executor_work_guard<boost::asio::any_io_executor> io_work_;
  boost::asio::executor_work_guard<executor> work_;
  Handler handler_;
};

} // namespace procession::detail
