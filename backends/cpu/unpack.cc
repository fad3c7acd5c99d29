// The table of unpackers. The functions stand in unpack_*.h; this file compiles each of them once for any processor
// and, on x86, once more for AVX2: the same source, so the same results.
#include "backends/cpu/unpack.h"

#include <type_traits>

#include "backends/cpu/unpack_avx2.h"
#include "backends/cpu/unpack_code_books.h"
#include "backends/cpu/unpack_ternary.h"

namespace infer::cpu {
namespace {

using quant::Type;
using Row = decltype(Unpacker::row);

#if defined(__x86_64__)
// flatten brings the body in here, where the compiler may use these instructions.
template <Row row>
[[gnu::target("avx2"), gnu::flatten]] void avx2_row(const void* blocks, int64_t k, int8_t* q, float* scale) {
  row(blocks, k, q, scale);
}
#else
using Avx2 = Swar;
template <Row row>
void avx2_row(const void* blocks, int64_t k, int8_t* q, float* scale) {
  row(blocks, k, q, scale);
}
#endif

template <bool avx2, Row row>
constexpr Row kRow = avx2 ? avx2_row<row> : row;

template <bool avx2>
using Words = std::conditional_t<avx2, Avx2, Swar>;

template <bool avx2>
constexpr Unpacker kUnpackers[] = {
    {Type::kIQ1_S, 32, kRow<avx2, unpack_iq1_s<Words<avx2>>>, "iq1_s"},
    {Type::kIQ1_M, 16, kRow<avx2, unpack_iq1_m<Words<avx2>>>, "iq1_m"},
    {Type::kIQ2_XXS, 32, kRow<avx2, unpack_iq2_xxs<Words<avx2>>>, "iq2_xxs"},
    {Type::kIQ2_XS, 16, kRow<avx2, unpack_iq2_xs<Words<avx2>>>, "iq2_xs"},
    {Type::kIQ2_S, 16, kRow<avx2, unpack_iq2_s<Words<avx2>>>, "iq2_s"},
    {Type::kIQ3_XXS, 32, kRow<avx2, unpack_iq3_xxs<Words<avx2>>>, "iq3_xxs"},
    {Type::kIQ3_S, 32, kRow<avx2, unpack_iq3_s<Words<avx2>>>, "iq3_s"},
    {Type::kTQ1_0, 32, kRow<avx2, unpack_tq1_0>, "tq1_0"},
};

}  // namespace

std::span<const Unpacker> unpackers(bool avx2) {
  if (avx2) return kUnpackers<true>;
  return kUnpackers<false>;
}

const Unpacker* find_unpacker(quant::Type type, bool avx2) {
  for (const Unpacker& u : unpackers(avx2)) {
    if (u.type == type) return &u;
  }
  return nullptr;
}

}  // namespace infer::cpu
