// Two words to the compiler. INFER_INLINE: a function that stands for a few instructions (gcc would otherwise call some
// of them, with vectors through memory). INFER_UNROLL: a loop over registers; plain C++ has none to keep things in, and
// would only compile for minutes (INFER_NO_UNROLL).
#pragma once

#define INFER_INLINE __attribute__((always_inline)) inline
#if defined(INFER_NO_UNROLL)
#define INFER_UNROLL
#elif defined(__clang__)
#define INFER_UNROLL _Pragma("unroll")
#else
#define INFER_UNROLL _Pragma("GCC unroll 16")
#endif
