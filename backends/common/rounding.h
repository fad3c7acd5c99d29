// What numbers a GPU computes matrix products with, where that is not what they are given as, and where x lies rounded
// for kernels that take it so. Which it is depends on the number of rows and on the type, never on values: what a
// rounded form cannot hold, its kernel scales or computes exactly, and counts. Weights of plain types are multiplied as
// they are.
#pragma once
#include <vector>

#include "backends/common/frame.h"

namespace infer::backend {

// f16: both factors rounded to binary16, sums in binary32. int8: x as two numbers of 8 bits per value times a scale per
// 32, sums of products exact in integers.
enum class Arithmetic : uint8_t { kF32, kF16, kInt8 };
constexpr size_t kArithmetics = 3;

struct Policy {
  Arithmetic few = Arithmetic::kF32, many = Arithmetic::kF32;  // over few rows, and of experts; over many
  bool (*int8_types)(uint32_t type) = nullptr;                 // is there a kernel for weights of this type?
};

bool is_product(const Node& n);  // MATMUL or MATMUL_EXPERTS

// Of a product over this many rows; f32 for what is none.
Arithmetic arithmetic_of(const Policy& p, const Frame& f, const Node& n);

// Where a node's x lies rounded. Nodes with the same x share it: the first of them rounds, or for int8 the RMS_NORM
// that x comes from, for which this is where its output lies rounded.
struct Rounded {
  int64_t at = -1;                // bytes into the plan's memory for this; -1: the node never needs it
  int64_t bytes = 0;              // there
  bool makes[kArithmetics] = {};  // does this product round, in a run with this arithmetic?
  uint32_t product = 0;           // of an RMS_NORM: for which it rounds
};
struct RoundedPlan {
  std::vector<Rounded> of;  // [nodes]
  int64_t bytes = 0;
};
RoundedPlan plan_rounded(const Policy& p, const Frame& f);  // the frame is at the symbols' maxima

// Bytes of one form: whole numbers or halves first, then, from rounded_values on, scales.
int64_t rounded_values(int64_t rows, int64_t columns);
int64_t rounded_bytes(Arithmetic a, int64_t rows, int64_t columns);

}  // namespace infer::backend
