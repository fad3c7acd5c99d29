// A whole layer's tail as a case: what a backend may join (norm with quantising, gate with up and GLU, product with
// residual, rows gathered by expert) is only joined where these nodes stand in a row.
#pragma once
#include "quant/types.h"
#include "tests/backends/case.h"

namespace infer::conformance {

struct LayerShape {
  quant::Type type = quant::Type::kF32;  // of all matrices but the router's, which is f32
  int64_t columns = 0, hidden = 0;       // multiples of the type's block
  bool experts = false;                  // 6, of which each row takes 2
  std::string text() const;
};

// x [n, columns] -> x + down(act(gate(norm x)) * up(norm x)), or the same through experts, for rows first .. first + n
// of `most` seeded ones.
Case layer_case(const LayerShape& s, int64_t most, int64_t first, int64_t n);

// Every weight type, dense and with experts.
std::vector<LayerShape> layer_shapes();

}  // namespace infer::conformance
