// What a ROPE turns its pairs by, for kernels without 64-bit floats: for each pair the part of a whole turn that one
// position is, in 64 bits, high word first.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "backends/common/frame.h"

namespace infer::backend {

// factors may be null.
std::vector<uint32_t> turns_of(const Node& n, const float* factors);

// Of all nodes, those of the same attributes and factors sharing theirs.
struct Turns {
  std::vector<uint32_t> words;
  std::vector<size_t> offset;  // [nodes] words; of a ROPE
};
// read: the bytes of a binding, from its first on.
using ReadWeight = std::function<Status(const infer_binding& from, void* to, int64_t bytes)>;
Result<Turns> turns_of(const Frame& f, std::span<const infer_binding> weights, const ReadWeight& read);

}  // namespace infer::backend
