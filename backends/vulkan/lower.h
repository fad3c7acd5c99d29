// Nodes into dispatches: which kernel, on what, in how many workgroups. One function per operator says it once, for the
// compiling of pipelines, the recording of commands and the filling of records before each run alike.
#pragma once
#include <cstdint>
#include <vector>

#include "backends/common/frame.h"
#include "backends/vulkan/pipelines.h"
#include "backends/vulkan/precision.h"

namespace infer::vulkan {

using backend::Frame;
using backend::Node;
using backend::Tensor;

// What a dispatch works on: `Node` of shaders/common.glsl. Each shader says what its entries mean.
struct Record {
  uint64_t a[8] = {};
  uint32_t n[24] = {};
  float f[8] = {};
};
static_assert(sizeof(Record) == 192);

constexpr int64_t kFewRows = 8;  // columns of a matrix-vector product, at most
constexpr int64_t kNarrow = 32;  // columns of a matrix-matrix product in narrow tiles, at most

class Emitter {
 public:
  virtual ~Emitter() = default;
  virtual void dispatch(const Kernel& kernel, const Record& record, int64_t groups) = 0;
};

// What nodes need beside their tensors.
struct Surroundings {
  uint64_t tables = 0, scratch = 0;  // addresses
  std::vector<uint64_t> turns;       // [nodes] address of what a ROPE turns its pairs by
  uint32_t shared_memory = 0;        // bytes that a workgroup may have
  uint32_t subgroup = 0;             // invocations of a subgroup, if they are always so many; else 0
  bool matrices = false;             // matrix units, as matmat_coop.comp takes them
  Policy policy;
  RoundedPlan rounded;
  uint64_t rounded_at = 0, counts = 0;  // addresses: of what `rounded` places, of the device's counters
};

void lower(const Frame& f, const Node& n, const Surroundings& s, Emitter& out);

bool has_int8_kernel(uint32_t type);  // of weights

// Is this a node that plan_new takes?
Status supported(const infer_program& p, uint32_t op, uint32_t shared_memory);
// Bytes that dispatches of this node leave to each other, with the frame at the symbols' maxima.
int64_t scratch_bytes(const Frame& f, const Node& n);
// Of a ROPE: for each pair the part of a whole turn that one position is, in 64 bits, high word first. factors may be
// null.
std::vector<uint32_t> turns_of(const Node& n, const float* factors);

}  // namespace infer::vulkan
