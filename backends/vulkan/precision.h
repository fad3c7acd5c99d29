// What numbers matrix products are computed with: the option vulkan.precision, what the device has, and where x lies
// rounded for the kernels that take it so.
//
//   exact  weights and x as they are, products and sums in binary32
//   f16    products over many rows with block types: both factors rounded to binary16, sums in binary32
//   int8   the same over many rows; over few, and of experts, x as two numbers of 8 bits per value times a scale per 32
//   auto   int8 over few rows where the device multiplies packed bytes in hardware, exact otherwise
// Weights of plain types are always multiplied as they are. Which it is depends on the number of rows and on the type,
// never on values: what a rounded form cannot hold, its kernel scales or computes exactly, and counts.
#pragma once
#include <string_view>
#include <vector>

#include "backends/common/frame.h"

namespace infer::vulkan {

enum class Arithmetic : uint8_t { kF32, kF16, kInt8 };
constexpr size_t kArithmetics = 3;

struct Policy {
  Arithmetic few = Arithmetic::kF32, many = Arithmetic::kF32;
};
// dots: the device has dot products of packed bytes; fast_dots: in hardware. E_INVALID: no such word.
Result<Policy> policy_of(std::string_view word, bool dots, bool fast_dots);

bool is_product(const backend::Node& n);  // MATMUL or MATMUL_EXPERTS

// Of a product over this many rows; f32 for what is none.
Arithmetic arithmetic_of(const Policy& p, const backend::Frame& f, const backend::Node& n);

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
RoundedPlan plan_rounded(const Policy& p, const backend::Frame& f);  // the frame is at the symbols' maxima

// Bytes of one form: whole numbers or halves first, then, from rounded_values on, scales.
int64_t rounded_values(int64_t rows, int64_t columns);
int64_t rounded_bytes(Arithmetic a, int64_t rows, int64_t columns);

}  // namespace infer::vulkan
