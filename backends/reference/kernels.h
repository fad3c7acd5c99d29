// The operators of backend.h, one plain function each: f32 storage, sums in double, one order of summation per output
// element.
//
// Each takes a node whose tensors Frame has checked. Scratch is sized when the plan is made; nothing here allocates.
#pragma once
#include <cstdint>
#include <vector>

#include "backends/common/frame.h"
#include "quant/types.h"

namespace infer::reference {

using backend::Frame;
using backend::Node;
using backend::Tensor;

// Working memory, grown to the largest need of any node before the first run.
struct Scratch {
  std::vector<float> row;      // a decoded row of weights
  std::vector<double> wide;    // the same in double; scores of one attention row; angles
  std::vector<double> sum;     // a value row being summed
  std::vector<int32_t> order;  // row numbers or expert ranks
  std::vector<float> low;      // rows in the few dimensions of an adapter
};

void embed(const Frame& f, const Node& n);
void rms_norm(const Frame& f, const Node& n);
void matmul(const Frame& f, const Node& n, Scratch& s);
void matmul_experts(const Frame& f, const Node& n, Scratch& s);
void adapt(const Frame& f, const Node& n, Scratch& s);
void rope(const Frame& f, const Node& n, Scratch& s);
void kv_write(const Frame& f, const Node& n);
void attention(const Frame& f, const Node& n, Scratch& s);
void add(const Frame& f, const Node& n);
void mul(const Frame& f, const Node& n);
void scale(const Frame& f, const Node& n);
void act(const Frame& f, const Node& n);
void glu(const Frame& f, const Node& n);
void gather(const Frame& f, const Node& n);
void route(const Frame& f, const Node& n, Scratch& s);
void expert_sum(const Frame& f, const Node& n, Scratch& s);
void copy(const Frame& f, const Node& n);  // all_reduce and all_gather over one rank

// What the largest run of this node needs.
void reserve(const Frame& f, const Node& n, Scratch& s);

}  // namespace infer::reference
