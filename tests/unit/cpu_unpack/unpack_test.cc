// What an unpacker makes of a row, put together again, is what quant::decode_row makes of it: scale * q is the
// decoder's own product but for powers of two and signs, so the bits are the same, not nearly so.
#include "backends/cpu/unpack.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "quant/random_blocks.h"

using namespace infer;
using infer::cpu::Unpacker;

namespace {

bool has_avx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

struct Row {
  std::vector<int8_t> q;
  std::vector<float> scale;
  bool operator==(const Row&) const = default;
};

Row unpack(const Unpacker& u, const std::vector<uint8_t>& blocks, size_t k) {
  const float unset = std::numeric_limits<float>::quiet_NaN();
  const size_t n_groups = k / static_cast<size_t>(u.group);
  Row row{std::vector<int8_t>(k, -128), std::vector<float>(n_groups, unset)};
  u.row(blocks.data(), static_cast<int64_t>(k), row.q.data(), row.scale.data());
  return row;
}

uint32_t bits(float f) { return std::isnan(f) ? 0x7fc00000u : std::bit_cast<uint32_t>(f); }

// Whether the row put together is the decoded row, and every q is in -127..127.
void check_row(const Unpacker& u, const std::vector<uint8_t>& blocks, size_t k) {
  CAPTURE(u.name);
  std::vector<float> expected(k);
  quant::decode_row(u.type, blocks.data(), expected.data(), static_cast<int64_t>(k));
  const Row row = unpack(u, blocks, k);
  size_t wrong = 0;
  for (size_t i = 0; i < k; ++i) {
    const size_t g = i / static_cast<size_t>(u.group);
    const float value = row.scale[g] * static_cast<float>(row.q[i]);
    wrong += bits(value) != bits(expected[i]) || row.q[i] == -128;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("the portable unpackers and those for AVX2 cover the same types in the same form") {
  const auto portable = cpu::unpackers(false), avx2 = cpu::unpackers(true);
  REQUIRE(portable.size() == 8);
  REQUIRE(avx2.size() == portable.size());
  for (size_t i = 0; i < portable.size(); ++i) {
    CHECK(portable[i].type == avx2[i].type);
    CHECK(portable[i].group == avx2[i].group);
    CHECK(std::string_view(portable[i].name) == quant::info(portable[i].type).name);
    CHECK(cpu::find_unpacker(portable[i].type, true) == &avx2[i]);
    CHECK(cpu::find_unpacker(portable[i].type) == &portable[i]);
  }
  CHECK(cpu::find_unpacker(quant::Type::kF32) == nullptr);
}

TEST_CASE("rows put together again are the decoded rows") {
  for (const bool avx2 : {false, has_avx2()}) {
    for (const Unpacker& u : cpu::unpackers(avx2)) {
      for (const size_t k : {size_t{256}, size_t{512}, size_t{256 * 256}}) {
        check_row(u, quant::random_blocks(u.type, static_cast<int64_t>(k), k), k);
      }
    }
  }
}

TEST_CASE("rows of any bits put together again are the decoded rows, infinite and NaN scales included") {
  for (const bool avx2 : {false, has_avx2()}) {
    for (const Unpacker& u : cpu::unpackers(avx2)) {
      const size_t k = 256 * 1024;
      std::vector<uint8_t> blocks(static_cast<size_t>(quant::row_bytes(u.type, k)));
      quant::fill_random_bytes(77, blocks.data(), blocks.size());
      check_row(u, blocks, k);
    }
  }
}

TEST_CASE("unpacking stays inside its row and does not mind alignment") {
  for (const bool avx2 : {false, has_avx2()}) {
    for (const Unpacker& u : cpu::unpackers(avx2)) {
      CAPTURE(u.name);
      const size_t k = 256;
      const auto blocks = quant::random_blocks(u.type, static_cast<int64_t>(k), 9);
      const Row expected = unpack(u, blocks, k);
      std::vector<uint8_t> shifted(blocks.size() + 1);
      std::copy(blocks.begin(), blocks.end(), shifted.begin() + 1);
      std::vector<int8_t> q(k + 2, 99);
      std::vector<float> scale(k / static_cast<size_t>(u.group) + 2, 99.0f);
      u.row(shifted.data() + 1, static_cast<int64_t>(k), q.data() + 1, scale.data() + 1);
      CHECK(std::equal(expected.q.begin(), expected.q.end(), q.begin() + 1));
      CHECK(std::equal(expected.scale.begin(), expected.scale.end(), scale.begin() + 1));
      CHECK((q.front() == 99 && q.back() == 99 && scale.front() == 99.0f && scale.back() == 99.0f));
    }
  }
}
