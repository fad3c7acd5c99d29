// The table of types, and the way from a type to its decoder. A new type is a line here, a struct in blocks.h and a
// decoder.
#include "quant/types.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "quant/decoders.h"

namespace infer::quant {
namespace {

constexpr TypeInfo kTypes[] = {
    {Type::kF32, "f32", 1, 4},
    {Type::kF16, "f16", 1, 2},
    {Type::kQ4_0, "q4_0", 32, 18},
    {Type::kQ4_1, "q4_1", 32, 20},
    {Type::kQ5_0, "q5_0", 32, 22},
    {Type::kQ5_1, "q5_1", 32, 24},
    {Type::kQ8_0, "q8_0", 32, 34},
    {Type::kQ2_K, "q2_k", 256, 84},
    {Type::kQ3_K, "q3_k", 256, 110},
    {Type::kQ4_K, "q4_k", 256, 144},
    {Type::kQ5_K, "q5_k", 256, 176},
    {Type::kQ6_K, "q6_k", 256, 210},
    {Type::kIQ2_XXS, "iq2_xxs", 256, 66},
    {Type::kIQ2_XS, "iq2_xs", 256, 74},
    {Type::kIQ3_XXS, "iq3_xxs", 256, 98},
    {Type::kIQ1_S, "iq1_s", 256, 50},
    {Type::kIQ4_NL, "iq4_nl", 32, 18},
    {Type::kIQ3_S, "iq3_s", 256, 110},
    {Type::kIQ2_S, "iq2_s", 256, 82},
    {Type::kIQ4_XS, "iq4_xs", 256, 136},
    {Type::kI32, "i32", 1, 4},
    {Type::kIQ1_M, "iq1_m", 256, 56},
    {Type::kBF16, "bf16", 1, 2},
    {Type::kTQ1_0, "tq1_0", 256, 54},
    {Type::kTQ2_0, "tq2_0", 256, 66},
    {Type::kMXFP4, "mxfp4", 32, 17},
    {Type::kNVFP4, "nvfp4", 64, 36},
};

constexpr uint32_t kLastType = 40;

// number -> index in kTypes, -1: not known
constexpr auto kIndexOf = [] {
  std::array<int8_t, kLastType + 1> index{};
  index.fill(-1);
  for (size_t i = 0; i < std::size(kTypes); ++i) index[static_cast<uint32_t>(kTypes[i].type)] = static_cast<int8_t>(i);
  return index;
}();

Decoder decoder_of(Type t) {
  switch (t) {
    case Type::kF32:
      return decode_f32;
    case Type::kF16:
      return decode_f16;
    case Type::kBF16:
      return decode_bf16;
    case Type::kQ4_0:
      return decode_q4_0;
    case Type::kQ4_1:
      return decode_q4_1;
    case Type::kQ5_0:
      return decode_q5_0;
    case Type::kQ5_1:
      return decode_q5_1;
    case Type::kQ8_0:
      return decode_q8_0;
    case Type::kQ2_K:
      return decode_q2_k;
    case Type::kQ3_K:
      return decode_q3_k;
    case Type::kQ4_K:
      return decode_q4_k;
    case Type::kQ5_K:
      return decode_q5_k;
    case Type::kQ6_K:
      return decode_q6_k;
    case Type::kIQ1_S:
      return decode_iq1_s;
    case Type::kIQ1_M:
      return decode_iq1_m;
    case Type::kIQ2_XXS:
      return decode_iq2_xxs;
    case Type::kIQ2_XS:
      return decode_iq2_xs;
    case Type::kIQ2_S:
      return decode_iq2_s;
    case Type::kIQ3_XXS:
      return decode_iq3_xxs;
    case Type::kIQ3_S:
      return decode_iq3_s;
    case Type::kIQ4_NL:
      return decode_iq4_nl;
    case Type::kIQ4_XS:
      return decode_iq4_xs;
    case Type::kTQ1_0:
      return decode_tq1_0;
    case Type::kTQ2_0:
      return decode_tq2_0;
    case Type::kMXFP4:
      return decode_mxfp4;
    case Type::kNVFP4:
      return decode_nvfp4;
    case Type::kI32:
      break;
  }
  return nullptr;
}

}  // namespace

const TypeInfo* find_type(uint32_t number) {
  if (number > kLastType || kIndexOf[number] < 0) return nullptr;
  return &kTypes[kIndexOf[number]];
}

const TypeInfo* find_type(std::string_view name) {
  const auto* it =
      std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeInfo& t) { return t.name == name; });
  return it == std::end(kTypes) ? nullptr : it;
}

std::span<const TypeInfo> all_types() { return kTypes; }

void decode_row(Type t, const void* blocks, float* out, int64_t n) {
  if (const Decoder decode = decoder_of(t)) decode(blocks, out, n / info(t).block_elems);
}

}  // namespace infer::quant
