#include "base/checked.h"

#include <doctest/doctest.h>

using infer::inside;
using infer::narrow;
using infer::Size;

TEST_CASE("a product that wraps to exactly zero is invalid") {
  CHECK_FALSE((Size(uint64_t{1} << 33) * (uint64_t{1} << 31)).valid());
  CHECK((Size(uint64_t{1} << 32) * 4u).valid());
}

TEST_CASE("a negative value and whatever is made of it is invalid") {
  CHECK_FALSE(Size(-1).valid());
  CHECK_FALSE((Size(-1) + 5).valid());
  CHECK_FALSE((Size(3u) - 4u).valid());
}

TEST_CASE("division by zero and padding past the end are invalid") {
  CHECK_FALSE((Size(8u) / 0u).valid());
  CHECK_FALSE(Size(UINT64_MAX).padded(32).valid());
  CHECK(Size(33u).padded(32).value() == 64);
}

TEST_CASE("narrow keeps values that fit and refuses others") {
  CHECK(narrow<int32_t>(int64_t{7}) == 7);
  CHECK_FALSE(narrow<int32_t>(int64_t{1} << 31).has_value());
  CHECK_FALSE(narrow<uint8_t>(-1).has_value());
}

TEST_CASE("a piece lies inside or not, whatever would overflow") {
  CHECK(inside(0, 0, 0));
  CHECK(inside(3, 7, 10));
  CHECK(inside(10, 0, 10));
  CHECK_FALSE(inside(3, 8, 10));
  CHECK_FALSE(inside(11, 0, 10));
  CHECK_FALSE(inside(-1, 2, 10));
  CHECK_FALSE(inside(0, -1, 10));
  CHECK_FALSE(inside(INT64_MAX, INT64_MAX, 10));
  CHECK_FALSE(inside(INT64_MIN, 1, INT64_MAX));
}
