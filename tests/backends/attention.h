// Attention as a case: K and V of whole sequences written chunk by chunk into shuffled pages, and attention over them.
#pragma once
#include "tests/backends/case.h"

namespace infer::conformance {

struct AttentionShape {
  int64_t heads = 2, kv_heads = 1, dim = 16, dim_v = 16, page = 8, window = 0;
  double scale = 0.25, softcap = 0;
  bool sinks = false;
  uint32_t kv_type = INFER_TYPE_F16;
  std::string text() const;
};

// One run of a step: how many new rows each sequence gets (0: the sequence is not in this run).
using Chunks = std::vector<std::vector<int64_t>>;  // [runs][sequences]

// seeds: [sequences] what each sequence's q, k, v are made of; equal seeds give equal rows whatever the chunks are. The
// output of a run has the rows of its sequences in order.
Case attention_case(const AttentionShape& s, const Chunks& chunks, const std::vector<uint64_t>& seeds, float reach = 1);

// The tensor of the attention's result in such a case.
uint32_t attention_output(const Case& c);

}  // namespace infer::conformance
