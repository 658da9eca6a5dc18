// A child for tests, the same on every platform: it performs its words, one
// after the other. Texts may hold \n, \r, \0, \e and \\.
//
//   out TEXT, err TEXT   prints
//   cat                  copies its input to its output
//   line                 reads one line
//   zeros N, errzeros N  prints N NUL bytes on one of its streams
//   flood                prints without end
//   count N              prints the numbers below N, one per line
//   sleep SECONDS        waits; SECONDS may be left out: for ever
//   exit CODE            ends
//   pid                  prints its number, on a line of its own
//   spawn N WORD...      starts itself with the next N words, without input and
//                        outside of its process group; mute N WORD... also
//                        without output, and then prints its number on a line
//   close STREAM         closes 0, 1 or 2
//   interrupted TEXT CODE, terminated TEXT CODE
//                        from now on prints and ends at an interrupt, or at
//                        the request to end
//   stubborn             ignores both from now on
//   args, env NAME, cwd  print what it was started with, one per line
//   size                 prints the rows and columns of its terminal
//   raw                  makes its terminal pass bytes as they are
//   work                 uses time and more than 256 MiB of memory
#include "system.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace actor {

namespace {

std::string unescape(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'n':
        result += '\n';
        break;
      case 'r':
        result += '\r';
        break;
      case '0':
        result += '\0';
        break;
      case 'e':
        result += '\x1b';
        break;
      default:
        result += text[i];
    }
  }
  return result;
}

void print(const std::string& text, int stream = 1) {
  if (!write_output(stream, text))
    leave(99);
}

void zeros(std::uint64_t n, int stream) {
  static const std::array<char, 65536> block{};
  while (n > 0) {
    auto now = std::min<std::uint64_t>(n, block.size());
    if (!write_output(stream, std::span{block}.first(now)))
      leave(99);
    n -= now;
  }
}

void copy_input() {
  std::array<char, 65536> buffer;
  while (auto n = read_input(buffer))
    if (!write_output(1, std::span{buffer}.first(n)))
      leave(99);
}

void read_line() {
  // The LF of a CRLF belongs to the same line end.
  static auto after_cr = false;
  std::array<char, 1> c{};
  while (read_input(c) == 1) {
    auto half = std::exchange(after_cr, c[0] == '\r') && c[0] == '\n';
    if (!half && (c[0] == '\n' || c[0] == '\r'))
      return;
  }
}

void work() {
  std::vector<unsigned char> memory(std::size_t{257} << 20);
  volatile unsigned sum = 0;
  for (auto round = 0; round < 3; ++round)
    for (std::size_t i = 0; i < memory.size(); i += 16)
      sum = sum + (memory[i] = static_cast<unsigned char>(i + sum));
}

void rest(const std::string& seconds) {
  std::this_thread::sleep_for(
    std::chrono::duration<double>{std::stod(seconds)});
}

/// The words of a play that were not performed yet.
class script {
public:
  explicit script(std::vector<std::string> words) : words_(std::move(words)) {
    // nop
  }

  void perform() {
    while (at_ < words_.size())
      perform(next());
  }

private:
  std::string next() {
    if (at_ == words_.size())
      leave(98);
    return words_[at_++];
  }

  std::uint32_t number() {
    return static_cast<std::uint32_t>(std::stoul(next()));
  }

  std::vector<std::string> take(std::size_t n) {
    std::vector<std::string> result;
    while (n-- > 0)
      result.push_back(next());
    return result;
  }

  std::function<void()> last_words() {
    auto text = unescape(next());
    auto code = number();
    return [=] {
      print(text);
      leave(code);
    };
  }

  void perform(const std::string& verb) {
    if (verb == "out") {
      print(unescape(next()));
    } else if (verb == "err") {
      print(unescape(next()), 2);
    } else if (verb == "cat") {
      copy_input();
    } else if (verb == "line") {
      read_line();
    } else if (verb == "zeros") {
      zeros(number(), 1);
    } else if (verb == "errzeros") {
      zeros(number(), 2);
    } else if (verb == "flood") {
      zeros(std::numeric_limits<std::uint64_t>::max(), 1);
    } else if (verb == "count") {
      auto n = number();
      for (std::uint32_t i = 0; i < n; ++i)
        print(std::to_string(i) + '\n');
    } else if (verb == "sleep") {
      rest(at_ == words_.size() ? "1e6" : next());
    } else if (verb == "exit") {
      leave(number());
    } else if (verb == "pid") {
      print(std::to_string(own_pid()) + '\n');
    } else if (verb == "spawn") {
      start_self(take(number()), false);
    } else if (verb == "mute") {
      print(std::to_string(start_self(take(number()), true)) + '\n');
    } else if (verb == "close") {
      close_stream(static_cast<int>(number()));
    } else if (verb == "interrupted") {
      on_interrupt(last_words());
    } else if (verb == "terminated") {
      on_terminate(last_words());
    } else if (verb == "stubborn") {
      on_interrupt(nullptr);
      on_terminate(nullptr);
    } else if (verb == "args") {
      for (; at_ < words_.size(); ++at_)
        print(words_[at_] + '\n');
    } else if (verb == "env") {
      print(variable(next()) + '\n');
    } else if (verb == "cwd") {
      print(directory() + '\n');
    } else if (verb == "size") {
      print(terminal_size() + '\n');
    } else if (verb == "raw") {
      set_raw();
    } else if (verb == "work") {
      work();
    } else {
      print("no such verb: " + verb + '\n', 2);
      leave(97);
    }
  }

  std::vector<std::string> words_;
  std::size_t at_ = 0;
};

} // namespace

} // namespace actor

int main(int argc, char** argv) {
  actor::script{actor::words(argc, argv)}.perform();
}
