// Three words to the compiler. INFER_INLINE: a function that stands for a few instructions (gcc would otherwise call
// some of them, with vectors through memory); INFER_INLINE_BODY the same of a lambda. INFER_UNROLL: a loop over
// registers. opaque(x): what follows from x it finds out at run time. Where vectors are arrays (plain C++, emulation in
// tests) there are no registers to keep things in, and both would only make the compiler work for minutes:
// INFER_PLAIN_LOOPS.
#pragma once

#if defined(INFER_PLAIN_LOOPS)
#define INFER_INLINE inline
#define INFER_INLINE_BODY
#define INFER_UNROLL
#elif defined(__clang__)
#define INFER_INLINE __attribute__((always_inline)) inline
#define INFER_INLINE_BODY __attribute__((always_inline))
#define INFER_UNROLL _Pragma("unroll")
#else
#define INFER_INLINE __attribute__((always_inline)) inline
#define INFER_INLINE_BODY __attribute__((always_inline))
#define INFER_UNROLL _Pragma("GCC unroll 16")
#endif

namespace infer::cpu {

// x, of which the compiler knows nothing.
template <class T>
INFER_INLINE T opaque(T x) {
  asm volatile("" : "+r"(x));
  return x;
}

}  // namespace infer::cpu
