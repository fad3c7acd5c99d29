// Code-books of the block types, generated into tables.gen.cc by make_tables.py. How they are used: blocks.h.
#pragma once
#include <cstdint>

namespace infer::quant {

// A grid entry is a vector of signed bytes, the first in the lowest byte.
extern const uint64_t kGridIq2xxs[256];  // 8 magnitudes each
extern const uint64_t kGridIq2xs[512];   // 8 magnitudes each
extern const uint64_t kGridIq2s[1024];   // 8 magnitudes each
extern const uint32_t kGridIq3xxs[256];  // 4 magnitudes each
extern const uint32_t kGridIq3s[512];    // 4 magnitudes each
extern const uint64_t kGridIq1[2048];    // 8 values of -1, 0, 1 each

extern const uint8_t kSigns7[128];      // seven stored sign bits -> all eight: an even number of them is set
extern const uint64_t kSignMasks[256];  // eight sign bits -> a byte each: 0xff where the bit is set, else 0

extern const int8_t kIq4Values[16];  // IQ4_NL, IQ4_XS
extern const int8_t kFp4Values[16];  // MXFP4, NVFP4: twice the e2m1 number

}  // namespace infer::quant
