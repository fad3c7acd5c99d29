#include "quant/encode.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "golden.h"

using namespace infer;
using namespace infer::quant;

namespace {

// As random_floats of make.py.
std::vector<float> random_floats(uint64_t seed, size_t n) {
  quant::Random random(seed);
  std::vector<float> values(n);
  int exponent = 0;
  for (size_t i = 0; i < n; ++i) {
    const uint64_t word = random.bits();
    if (i % 32 == 0) exponent = static_cast<int>(word & 7) - 26;
    values[i] = std::ldexp(static_cast<float>(static_cast<int64_t>(word >> 40) - (1 << 23)), exponent);
  }
  return values;
}

std::vector<uint8_t> encoded(Type t, const std::vector<float>& values) {
  std::vector<uint8_t> out(static_cast<size_t>(row_bytes(t, values.size())));
  encode_row(t, values.data(), out.data(), static_cast<int64_t>(values.size()));
  return out;
}

constexpr Type kEncoded[] = {Type::kF16, Type::kBF16, Type::kQ4_0, Type::kQ4_1, Type::kQ8_0};

}  // namespace

TEST_CASE("chosen values encode to the bytes of the gguf package") {
  for (const Type t : kEncoded) {
    const std::string name = info(t).name;
    CAPTURE(name);
    const testing::GoldenFile golden = testing::read_golden_file("encode_" + name + ".bin");
    REQUIRE(golden.type == name);
    std::vector<float> values(static_cast<size_t>(golden.count));
    REQUIRE(golden.bytes.size() > 4 * values.size());
    std::memcpy(values.data(), golden.bytes.data(), 4 * values.size());
    const std::vector<uint8_t> expected(golden.bytes.begin() + static_cast<std::ptrdiff_t>(4 * values.size()),
                                        golden.bytes.end());
    CHECK(encoded(t, values) == expected);
  }
}

TEST_CASE("many random values encode to the bytes of the gguf package") {
  size_t n_types = 0;
  for (const auto& words : testing::golden_lines("digests.txt")) {
    if (words[0] != "encode") continue;
    CAPTURE(words[1]);
    REQUIRE(find_type(words[1]) != nullptr);
    const auto blocks = encoded(find_type(words[1])->type, random_floats(std::stoul(words[3]), std::stoul(words[2])));
    uint64_t digest = 0;
    for (size_t i = 0; i < blocks.size(); ++i) digest += testing::digest_term(blocks[i], i);
    CHECK(digest == std::stoull(words[4], nullptr, 16));
    ++n_types;
  }
  CHECK(n_types == 5);
}

TEST_CASE("infinities and NaN encode to some block without a fault") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const float odd : {inf, -inf, nan, 3e38f, -3e38f, 1e-45f}) {
    for (const Type t : kEncoded) {
      std::vector<float> values(64, 1.0f);
      values[3] = odd;
      values[40] = odd;
      values[41] = -odd;
      CHECK(encoded(t, values).size() == row_bytes(t, 64));
    }
  }
}

TEST_CASE("exactly the documented types can be encoded") {
  size_t n = 0;
  for (const TypeInfo& t : all_types()) n += can_encode(t.type);
  CHECK(n == 6);
  for (const Type t : kEncoded) CHECK(can_encode(t));
  CHECK(can_encode(Type::kF32));
}
