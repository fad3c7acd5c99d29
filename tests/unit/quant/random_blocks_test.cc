#include "quant/random_blocks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace infer;
using namespace infer::quant;

TEST_CASE("random blocks of every type decode to moderate values that are not all alike") {
  for (const TypeInfo& t : all_types()) {
    if (t.type == Type::kI32) continue;
    CAPTURE(t.name);
    const int64_t n = 64 * 256;
    const auto blocks = quant::random_blocks(t.type, n, 11);
    std::vector<float> values(static_cast<size_t>(n));
    decode_row(t.type, blocks.data(), values.data(), n);
    double square = 0;
    for (float v : values) {
      REQUIRE(std::isfinite(v));
      REQUIRE(std::fabs(v) <= 2.01f);
      square += static_cast<double>(v) * v;
    }
    CHECK(square / static_cast<double>(n) > 0.001);
    CHECK(*std::min_element(values.begin(), values.end()) < 0);
    CHECK(*std::max_element(values.begin(), values.end()) > 0);
  }
}

TEST_CASE("a seed gives the same blocks, another seed others") {
  for (const TypeInfo& t : all_types()) {
    CHECK(quant::random_blocks(t.type, 512, 3) == quant::random_blocks(t.type, 512, 3));
    CHECK(quant::random_blocks(t.type, 512, 3) != quant::random_blocks(t.type, 512, 4));
  }
}
