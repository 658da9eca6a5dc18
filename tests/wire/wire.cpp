#include "wire.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace procession::test {

namespace {

std::error_code error(std::errc x) {
  return std::make_error_code(x);
}

std::string_view text(std::span<const std::byte> x) {
  return {reinterpret_cast<const char*>(x.data()), x.size()};
}

/// One direction.
struct lane {
  /// Written, not delivered; delivered, not read.
  std::string under_way;
  std::string arrived;
  bool held = false;
  std::size_t capacity = wire::all;

  /// The unanswered write, and the part of it that was not taken.
  duplex::handler written;
  std::vector<std::span<const std::byte>> to_take;
  std::size_t write_size = 0;

  /// The unanswered read.
  duplex::handler read;
  duplex::rooms room;

  /// What follows the bytes: success is the end of the stream.
  std::optional<std::error_code> end;
  /// Whether no one will read it.
  bool broken = false;
};

} // namespace

struct wire::core {
  explicit core(executor& queue) : work(queue) {
    // nop
  }

  lane& to(side x) {
    return lanes[static_cast<std::size_t>(x)];
  }

  void answer(duplex::handler& to, std::error_code ec, std::size_t n) {
    if (auto f = std::exchange(to, nullptr))
      work.post([f = std::move(f), ec, n] { f(ec, n); });
  }

  /// Does all that can be done in one direction now.
  void move(lane& x) {
    auto done = false;
    while (!done) {
      take_written(x);
      if (!x.held)
        x.arrived += std::exchange(x.under_way, {});
      done = !give_to_reader(x) || x.to_take.empty();
    }
  }

  void take_written(lane& x) {
    if (x.written == nullptr)
      return;
    if (x.broken || x.end)
      return drop_write(x, error(std::errc::broken_pipe));
    auto used = x.under_way.size() + x.arrived.size();
    auto room = x.capacity - std::min(x.capacity, used);
    while (!x.to_take.empty()) {
      auto& first = x.to_take.front();
      auto n = std::min(first.size(), room);
      x.under_way += text(first.first(n));
      first = first.subspan(n);
      room -= n;
      if (!first.empty())
        return;
      x.to_take.erase(x.to_take.begin());
    }
    answer(x.written, {}, x.write_size);
  }

  /// @returns whether the reader took anything.
  bool give_to_reader(lane& x) {
    if (x.read == nullptr)
      return false;
    std::size_t n = 0;
    for (auto room : x.room) {
      auto m = std::min(room.size(), x.arrived.size() - n);
      if (m > 0)
        std::memcpy(room.data(), x.arrived.data() + n, m);
      n += m;
    }
    x.arrived.erase(0, n);
    if (n > 0)
      answer(x.read, {}, n);
    else if (x.end && x.under_way.empty())
      answer(x.read, *x.end, 0);
    return n > 0;
  }

  void drop_write(lane& x, std::error_code why) {
    x.to_take.clear();
    answer(x.written, why, 0);
  }

  void close(side at) {
    if (std::exchange(closed[static_cast<std::size_t>(at)], true))
      return;
    auto& in = to(at);
    in.broken = true;
    in.under_way.clear();
    in.arrived.clear();
    answer(in.read, error(std::errc::operation_canceled), 0);
    move(in);
    auto& out = to(other(at));
    drop_write(out, error(std::errc::operation_canceled));
    if (!out.end)
      out.end = std::error_code{};
    move(out);
  }

  executor& work;
  std::array<lane, 2> lanes;
  std::array<bool, 2> closed{};
  std::array<std::weak_ptr<duplex>, 2> ends;
};

class wire::wire_end : public duplex {
public:
  wire_end(std::shared_ptr<core> x, side at) : core_(std::move(x)), at_(at) {
    // nop
  }

  ~wire_end() override {
    core_->close(at_);
  }

  void read_some(rooms into, handler done) override {
    auto& in = core_->to(at_);
    if (is_closed())
      return core_->answer(done, error(std::errc::bad_file_descriptor), 0);
    in.room = into;
    in.read = std::move(done);
    core_->move(in);
  }

  void write(parts from, handler done) override {
    auto& out = core_->to(other(at_));
    if (is_closed())
      return core_->answer(done, error(std::errc::bad_file_descriptor), 0);
    out.to_take.assign(from.begin(), from.end());
    out.write_size = 0;
    for (auto& x : from)
      out.write_size += x.size();
    out.written = std::move(done);
    core_->move(out);
  }

  void close() override {
    core_->close(at_);
  }

private:
  bool is_closed() const {
    return core_->closed[static_cast<std::size_t>(at_)];
  }

  std::shared_ptr<core> core_;
  side at_;
};

wire::wire(executor& work) : core_(std::make_shared<core>(work)) {
  // nop
}

wire::~wire() {
  // An unanswered handler may own an end, which owns the core.
  for (auto& x : core_->lanes) {
    auto read = std::exchange(x.read, nullptr);
    auto written = std::exchange(x.written, nullptr);
  }
}

std::shared_ptr<duplex> wire::end(side at) {
  auto& known = core_->ends[static_cast<std::size_t>(at)];
  auto result = known.lock();
  if (result == nullptr) {
    result = std::make_shared<wire_end>(core_, at);
    known = result;
  }
  return result;
}

void wire::hold(side to) {
  core_->to(to).held = true;
}

void wire::flow(side to) {
  auto& x = core_->to(to);
  x.held = false;
  core_->move(x);
}

std::size_t wire::deliver(side to, std::size_t n) {
  auto& x = core_->to(to);
  n = std::min(n, x.under_way.size());
  x.arrived += x.under_way.substr(0, n);
  x.under_way.erase(0, n);
  core_->move(x);
  return n;
}

const std::string& wire::under_way(side to) const {
  return core_->to(to).under_way;
}

void wire::corrupt(side to, std::size_t at, std::uint8_t mask) {
  auto& x = core_->to(to).under_way;
  if (at < x.size())
    x[at] = static_cast<char>(static_cast<std::uint8_t>(x[at]) ^ mask);
}

void wire::inject(side to, std::string_view bytes) {
  auto& x = core_->to(to);
  if (x.broken || x.end)
    return;
  x.under_way += bytes;
  core_->move(x);
}

std::string wire::take(side to) {
  auto& x = core_->to(to);
  auto result = std::exchange(x.arrived, {}) + std::exchange(x.under_way, {});
  core_->move(x);
  return result;
}

void wire::limit(side to, std::size_t capacity) {
  auto& x = core_->to(to);
  x.capacity = capacity;
  core_->move(x);
}

void wire::cut(side to) {
  fail(to, {});
}

void wire::fail(side to, std::error_code why) {
  auto& x = core_->to(to);
  x.under_way.clear();
  x.end = why;
  core_->move(x);
}

bool wire::closed(side at) const {
  return core_->closed[static_cast<std::size_t>(at)];
}

} // namespace procession::test
