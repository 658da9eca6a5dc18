#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace procession::bench {

/// How a child's standard streams are connected.
enum class wiring {
  /// Three pipes.
  pipes,
  /// Two pipes for output, and the null device for input.
  no_input,
  /// A pseudo-terminal.
  terminal,
  /// The null device for all three.
  nothing,
};

/// Returns the wiring of that name: pipes or pty.
wiring wiring_named(const std::string& name);

/// A descriptor, which is closed at the end.
class descriptor {
public:
  descriptor() noexcept = default;
  explicit descriptor(int fd) noexcept : fd_(fd) {
    // nop
  }
  descriptor(descriptor&& other) noexcept;
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor();

  int get() const noexcept {
    return fd_;
  }

  bool valid() const noexcept {
    return fd_ >= 0;
  }

  void close() noexcept;

private:
  int fd_ = -1;
};

/// A child of this process, in a session of its own. It is killed and reaped at
/// the end. Functions throw `std::runtime_error` or `std::system_error`.
class child {
public:
  child(wiring how, const std::vector<std::string>& command);
  child(child&& other) noexcept;
  child& operator=(child&&) = delete;
  ~child();

  pid_t pid() const noexcept {
    return pid_;
  }

  int out() const noexcept {
    return out_.get();
  }

  int err() const noexcept {
    return err_.get();
  }

  /// Reads output once. Returns 0 at its end, which on a terminal is EIO.
  std::size_t read_some(char* to, std::size_t size);

  /// Reads exactly that much.
  void read_all(char* to, std::size_t size);

  /// Writes all of it to the child's input.
  void write_all(const char* from, std::size_t size);

  void close_input() noexcept;

  /// Reads what is left of both outputs. @returns how many bytes that were.
  std::size_t drain();

  /// Reaps it. @throws std::runtime_error unless it ended with 0
  void expect_success();

private:
  pid_t pid_ = -1;
  /// On a terminal, `out_` is also the input.
  bool terminal_ = false;
  descriptor in_;
  descriptor out_;
  descriptor err_;
};

} // namespace procession::bench
