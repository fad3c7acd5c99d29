#include "base/names.h"

#include <doctest/doctest.h>

using infer::Name;
using infer::Names;

namespace {
Name name(const char* text) { return std::make_shared<const std::string>(text); }
}  // namespace

TEST_CASE("a name has one number while somebody is in it, another name another") {
  Names d(3);
  const int32_t a = d.enter(name("a"));
  CHECK(d.enter(name("a")) == a);
  const int32_t b = d.enter(name("b")), common = d.enter(nullptr);
  CHECK(a != b);
  CHECK(common != a);
  CHECK(common != b);
  CHECK(d.known() == 3);
}

TEST_CASE("a number is free again when the last has left, and not before") {
  Names d(1);
  const int32_t a = d.enter(name("a"));
  d.hold(a);
  d.leave(a);
  CHECK(d.enter(name("a")) == a);
  d.leave(a);
  d.leave(a);
  CHECK(d.known() == 0);
  d.enter(name("b"));
  CHECK(d.known() == 1);
}

TEST_CASE("any order of coming and going leaves every name with its own number") {
  Names d(64);
  std::vector<std::pair<int, int32_t>> in;
  uint32_t random = 1;
  for (int i = 0; i < 5000; i++) {
    random = random * 1664525u + 1013904223u;
    if (in.size() < 64 && (random >> 16) % 2 == 0) {
      const int which = static_cast<int>((random >> 20) % 80);
      const int32_t number = d.enter(name(std::to_string(which).c_str()));
      for (const auto& [w, n] : in) REQUIRE((w == which) == (n == number));
      in.emplace_back(which, number);
    } else if (!in.empty()) {
      std::swap(in[(random >> 18) % in.size()], in.back());
      d.leave(in.back().second);
      in.pop_back();
    }
  }
}
