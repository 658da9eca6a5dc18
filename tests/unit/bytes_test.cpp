#include "procession/messages/config.hpp"
#include "procession/messages/events.hpp"

#include <caf/message.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <string>

using namespace procession;

TEST_CASE("bytes hold what they were made of", "[output]") {
  CHECK(shared_bytes{}.empty());
  CHECK(shared_bytes{""}.empty());
  CHECK(shared_bytes{std::string("a\0b", 3)}.size() == 3);
  CHECK(shared_bytes{std::string_view{"a\0b", 3}}.text()
        == std::string_view{"a\0b", 3});
  CHECK(shared_bytes{"abc"}.span().size() == 3);
  CHECK(shared_bytes{"abc"} == shared_bytes{std::string{"abc"}});
  CHECK_FALSE(shared_bytes{"abc"} == shared_bytes{"abd"});
  CHECK_FALSE(shared_bytes{"abc"} == shared_bytes{"ab"});
  CHECK(to_string(shared_bytes{"a\nb"}) == "3 bytes");
}

TEST_CASE("slices share the memory of the whole", "[output]") {
  auto whole = shared_bytes{"abcdef"};
  auto copy = whole;
  CHECK(copy.data() == whole.data());
  auto head = whole.first(2);
  auto tail = whole.from(2);
  CHECK(head.text() == "ab");
  CHECK(head.data() == whole.data());
  CHECK(tail.text() == "cdef");
  CHECK(tail.data() == whole.data() + 2);
  CHECK(whole.first(99) == whole);
  CHECK(whole.first(0).empty());
  CHECK(whole.from(6).empty());
  CHECK(whole.from(99).empty());
  CHECK(tail.from(1).first(2).text() == "de");
}

TEST_CASE("a slice keeps its block alive, and the last one lets it go",
          "[output]") {
  auto freed = false;
  {
    shared_bytes last;
    {
      auto block = std::shared_ptr<const std::byte>{new std::byte[4]{},
                                                    [&](const std::byte* x) {
                                                      delete[] x;
                                                      freed = true;
                                                    }};
      auto* data = block.get();
      auto whole = shared_bytes{std::move(block), data, 4};
      last = whole.from(3);
    }
    CHECK_FALSE(freed);
    CHECK(last.size() == 1);
  }
  CHECK(freed);
}

TEST_CASE("adjacent slices can be joined", "[output]") {
  auto whole = shared_bytes{"abcdef"};
  auto x = whole.first(2);
  CHECK(x.join(whole.from(2).first(3)));
  CHECK(x.text() == "abcde");
  CHECK_FALSE(x.join(whole.first(1)));
  CHECK_FALSE(x.join(shared_bytes{"f"}));
  CHECK(x.text() == "abcde");
  CHECK(x.join(whole.from(5)));
  CHECK(x == whole);
  CHECK(x.data() == whole.data());
}

TEST_CASE("messages share the bytes they carry", "[output]") {
  auto bytes = shared_bytes{std::string(1000, 'x')};
  auto* data = bytes.data();
  auto x = caf::make_message(output{"s1", 1, stream_kind::out, 0, bytes});
  auto y = x;
  CHECK(y.get_as<output>(0).bytes.data() == data);
  // Changing a message copies the event only, not its bytes.
  y.get_mutable_as<output>(0).seq = 2;
  CHECK(x.get_as<output>(0).seq == 1);
  CHECK(y.get_as<output>(0).bytes.data() == data);
}
