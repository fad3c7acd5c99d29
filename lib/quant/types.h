// The element and block types of tensors: names, sizes, and the decoder that defines each.
//
// Type numbers are those of the GGUF specification (ggml's enum): they are what files hold and what backend.h calls
// `type`. A block type stores `block_elems` consecutive values of a row in `block_bytes` bytes, little-endian.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace infer::quant {

enum class Type : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ2_XXS = 16,
  kIQ2_XS = 17,
  kIQ3_XXS = 18,
  kIQ1_S = 19,
  kIQ4_NL = 20,
  kIQ3_S = 21,
  kIQ2_S = 22,
  kIQ4_XS = 23,
  kI32 = 26,
  kIQ1_M = 29,
  kBF16 = 30,
  kTQ1_0 = 34,
  kTQ2_0 = 35,
  kMXFP4 = 39,
  kNVFP4 = 40,
};

struct TypeInfo {
  Type type;
  const char* name;      // "q4_1"
  uint32_t block_elems;  // values per block; 1 for plain types
  uint32_t block_bytes;  // bytes per block
};

// nullptr when the number is not a type this library knows.
const TypeInfo* find_type(uint32_t number);
const TypeInfo* find_type(std::string_view name);
inline const TypeInfo& info(Type t) { return *find_type(static_cast<uint32_t>(t)); }
std::span<const TypeInfo> all_types();

// Bytes of a row of n values; n is a multiple of block_elems.
inline uint64_t row_bytes(Type t, uint64_t n) { return n / info(t).block_elems * info(t).block_bytes; }

// blocks (at any alignment) -> out[n]. The definition of the type; equal bit for bit to the `gguf` package, NaN
// payloads aside. kI32 has no decoder: out is left as it is.
void decode_row(Type t, const void* blocks, float* out, int64_t n);

}  // namespace infer::quant
