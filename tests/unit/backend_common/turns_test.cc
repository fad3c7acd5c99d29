// What the host computes for kernels.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "backends/common/turns.h"

using namespace infer::backend;

TEST_CASE("the turn of a position is exact to 2^-32, however far it is") {
  Node n;
  n.kind = INFER_OP_ROPE;
  n.i = {128, 128, 0};
  n.f = {500000, 1, 0, 1, 0, 0};
  const std::vector<uint32_t> words = turns_of(n, nullptr);
  REQUIRE(words.size() == 128);
  for (int64_t j : {0, 1, 17, 40, 63}) {
    for (uint64_t p : {0u, 1u, 1000u, 131071u, 10000000u}) {
      const uint32_t high = words[static_cast<size_t>(2 * j)], low = words[static_cast<size_t>(2 * j + 1)];
      const auto phase = static_cast<uint32_t>(p * high + (p * low >> 32));  // as rope.comp computes it
      const long double turns = static_cast<long double>(p) *
                                std::pow(500000.0L, -2.0L * static_cast<long double>(j) / 128) /
                                (2 * std::numbers::pi_v<long double>);
      long double off = static_cast<long double>(phase) / 4294967296.0L - (turns - std::floor(turns));
      off -= std::round(off);
      CHECK(std::fabs(static_cast<double>(off)) < 1e-8);
    }
  }
}

TEST_CASE("factors divide the turn, and what is no number does not turn") {
  Node n;
  n.kind = INFER_OP_ROPE;
  n.i = {4, 4, 0};
  n.f = {10000, 1, 0, 1, 0, 0};
  const float factors[] = {2, 0};
  const std::vector<uint32_t> with = turns_of(n, factors), without = turns_of(n, nullptr);
  CHECK(std::fabs(static_cast<double>(with[0]) * 2 - without[0]) <= 1);
  CHECK(with[2] == 0);
}
