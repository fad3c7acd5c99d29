// The limits on what a model file may announce, and why each is where it is. Far above every published model, and low
// enough that the largest file they admit costs at most 2 x its metadata + 64 MiB of memory and two seconds.
#pragma once
#include <cstdint>

namespace infer::formats::limits {

inline constexpr uint64_t kKeyBytes = 65535;   // the specification's own: 2^16 - 1
inline constexpr uint64_t kNameBytes = 255;    // tensor names; the specification says 64, some converters exceed it
inline constexpr uint64_t kKeys = 1 << 20;     // real files have under 100; 56 bytes of ours each: 56 MiB
inline constexpr uint64_t kTensors = 1 << 18;  // largest seen about 30,000 (experts stored one by one); 21 MiB
inline constexpr int32_t kRank = 4;            // the format's GGML_MAX_DIMS
inline constexpr uint64_t kDim = uint64_t{1} << 40;  // a dim times any block size cannot wrap
inline constexpr int64_t kAlignmentLeast = 8;        // the specification: a multiple of 8
inline constexpr int64_t kAlignmentMost = 65536;     // the largest page size in use; upstream's padding wrapped at 2^30
inline constexpr int64_t kParts = 1000;              // of a split set; each is an open mapping
inline constexpr uint64_t kVocab = 1 << 22;          // largest published: 262,144 tokens
inline constexpr uint64_t kTokenBytes = 65535;       // longest published: about 500

// The fewest bytes that a record can take: what a count in the header is held against before anything is allocated.
inline constexpr uint64_t kKeyRecordBytes = 8 + 1 + 4 + 1;             // length, key, type, value
inline constexpr uint64_t kTensorRecordBytes = 8 + 1 + 4 + 8 + 4 + 8;  // length, name, rank, one dim, type, offset

}  // namespace infer::formats::limits
