#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "golden.h"
#include "quant/types.h"

using namespace infer;
using namespace infer::quant;
using testing::same_bits;

namespace {

// The index of the first value whose bits differ, or -1.
int64_t first_difference(const std::vector<float>& a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (same_bits(a[i]) != same_bits(b[i])) return static_cast<int64_t>(i);
  }
  return -1;
}

uint64_t digest_of(const std::vector<float>& values) {
  uint64_t digest = 0;
  for (size_t i = 0; i < values.size(); ++i) digest += testing::digest_term(same_bits(values[i]), i);
  return digest;
}

}  // namespace

TEST_CASE("every type decodes ordinary and extreme blocks to the bits of the gguf package") {
  size_t n_types = 0;
  for (const TypeInfo& t : all_types()) {
    if (t.type == Type::kI32) continue;
    CAPTURE(t.name);
    const testing::GoldenFile golden = testing::read_golden_file("decode_" + std::string(t.name) + ".bin");
    REQUIRE(golden.type == t.name);
    REQUIRE(golden.count >= 11);
    const size_t n = static_cast<size_t>(golden.count) * t.block_elems;
    const size_t n_bytes = static_cast<size_t>(golden.count) * t.block_bytes;
    REQUIRE(golden.bytes.size() == n_bytes + 4 * n);
    std::vector<float> expected(n), decoded(n);
    std::memcpy(expected.data(), golden.bytes.data() + n_bytes, 4 * n);
    decode_row(t.type, golden.bytes.data(), decoded.data(), static_cast<int64_t>(n));
    CHECK(first_difference(decoded, expected) == -1);
    ++n_types;
  }
  CHECK(n_types == 26);
}

TEST_CASE("thousands of blocks of random bits decode to the bits of the gguf package") {
  size_t n_types = 0;
  for (const auto& words : testing::golden_lines("digests.txt")) {
    if (words[0] != "decode") continue;
    CAPTURE(words[1]);
    const TypeInfo* t = find_type(words[1]);
    REQUIRE(t != nullptr);
    const size_t count = std::stoul(words[2]), n = count * t->block_elems;
    std::vector<uint8_t> blocks(count * t->block_bytes);
    quant::fill_random_bytes(std::stoul(words[3]), blocks.data(), blocks.size());
    std::vector<float> decoded(n);
    decode_row(t->type, blocks.data(), decoded.data(), static_cast<int64_t>(n));
    CHECK(digest_of(decoded) == std::stoull(words[4], nullptr, 16));
    ++n_types;
  }
  CHECK(n_types == 23);
}

TEST_CASE("every half and every bfloat16 decodes to the bits of the gguf package") {
  std::vector<uint16_t> numbers(65536);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<uint16_t>(i);
  size_t n_types = 0;
  for (const auto& words : testing::golden_lines("digests.txt")) {
    if (words[0] != "every") continue;
    CAPTURE(words[1]);
    REQUIRE(find_type(words[1]) != nullptr);
    std::vector<float> decoded(numbers.size());
    decode_row(find_type(words[1])->type, numbers.data(), decoded.data(), 65536);
    CHECK(digest_of(decoded) == std::stoull(words[4], nullptr, 16));
    ++n_types;
  }
  CHECK(n_types == 2);
}

TEST_CASE("blocks decode the same at every alignment") {
  for (const TypeInfo& t : all_types()) {
    if (t.type == Type::kI32) continue;
    CAPTURE(t.name);
    const int64_t n = 3 * t.block_elems;
    const std::vector<uint8_t> blocks = quant::random_blocks(t.type, n, 5);
    std::vector<float> expected(static_cast<size_t>(n)), decoded(static_cast<size_t>(n));
    decode_row(t.type, blocks.data(), expected.data(), n);
    for (size_t shift = 1; shift < 8; ++shift) {
      std::vector<uint8_t> shifted(blocks.size() + shift);
      std::copy(blocks.begin(), blocks.end(), shifted.begin() + static_cast<std::ptrdiff_t>(shift));
      decode_row(t.type, shifted.data() + shift, decoded.data(), n);
      CHECK(first_difference(decoded, expected) == -1);
    }
  }
}

TEST_CASE("an empty row decodes to nothing") {
  for (const TypeInfo& t : all_types()) {
    float untouched = 7.0f;
    decode_row(t.type, nullptr, &untouched, 0);
    CHECK(untouched == 7.0f);
  }
}
