#include "quant/types.h"

#include <doctest/doctest.h>

#include <string>

#include "golden.h"

using namespace infer;
using namespace infer::quant;

TEST_CASE("every type has the number and the block size that the gguf package gives it") {
  const auto lines = testing::golden_lines("types.txt");
  CHECK(lines.size() == all_types().size());
  for (const auto& words : lines) {
    CAPTURE(words[0]);
    const TypeInfo* t = find_type(words[0]);
    REQUIRE(t != nullptr);
    CHECK(std::to_string(static_cast<uint32_t>(t->type)) == words[1]);
    CHECK(std::to_string(t->block_elems) == words[2]);
    CHECK(std::to_string(t->block_bytes) == words[3]);
    CHECK(find_type(static_cast<uint32_t>(t->type)) == t);
  }
}

TEST_CASE("a number or a name that is not a type is not found") {
  size_t found = 0;
  for (uint32_t n = 0; n < 1000; ++n) found += find_type(n) != nullptr;
  CHECK(found == all_types().size());
  CHECK(find_type(UINT32_MAX) == nullptr);
  CHECK(find_type(uint32_t{1} << 31) == nullptr);
  CHECK(find_type("") == nullptr);
  CHECK(find_type("q4_") == nullptr);
  CHECK(find_type("q4_11") == nullptr);
}

TEST_CASE("a row's bytes are its blocks' bytes") {
  CHECK(row_bytes(Type::kF32, 5) == 20);
  CHECK(row_bytes(Type::kQ4_1, 576) == 360);
  CHECK(row_bytes(Type::kQ6_K, 512) == 420);
  CHECK(row_bytes(Type::kNVFP4, uint64_t{1} << 40) == (uint64_t{1} << 34) * 36);
}
