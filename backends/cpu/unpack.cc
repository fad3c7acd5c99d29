// The table of unpackers, for any processor and, on x86, once more for AVX2. The functions stand in unpack_*.h.
#include "backends/cpu/unpack.h"

#include "backends/cpu/unpack_avx2.h"
#include "backends/cpu/unpack_code_books.h"
#include "backends/cpu/unpack_ternary.h"

namespace infer::cpu {
namespace {

template <class T, bool avx2>
constexpr Unpacker unpacker(const char* name) {
#if defined(__x86_64__)
  if constexpr (avx2) return {T::kType, T::kPart, avx2_row<T>, avx2_dots<T>, name};
#endif
  return {T::kType, T::kPart, unpack_row<T>, nullptr, name};
}

template <bool avx2>
constexpr Unpacker kUnpackers[] = {
    unpacker<IQ1_S, avx2>("iq1_s"),   unpacker<IQ1_M, avx2>("iq1_m"), unpacker<IQ2_XXS, avx2>("iq2_xxs"),
    unpacker<IQ2_XS, avx2>("iq2_xs"), unpacker<IQ2_S, avx2>("iq2_s"), unpacker<IQ3_XXS, avx2>("iq3_xxs"),
    unpacker<IQ3_S, avx2>("iq3_s"),   unpacker<TQ1_0, avx2>("tq1_0"),
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
