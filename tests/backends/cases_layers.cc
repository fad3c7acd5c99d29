#include "tests/backends/layers.h"

#include "tests/backends/report.h"
#include "tests/backends/values.h"

namespace infer::conformance {
namespace {

constexpr int64_t kExperts = 6, kChosen = 2, T = INFER_SYMBOL(0);

// Temporaries and matrices of one layer.
struct Layer {
  Case& c;
  const LayerShape& s;
  uint64_t seed = 100;

  uint32_t temp(std::vector<int64_t> dims, uint32_t type = INFER_TYPE_F32) {
    return c.tensor(INFER_ROLE_TEMP, str("t", c.tensors.size()), type, std::move(dims));
  }
  uint32_t matrix(std::vector<int64_t> dims, quant::Type type) {
    int64_t n = 1;
    for (int64_t d : dims) n *= d;
    return c.weight(str("w", c.tensors.size()), static_cast<uint32_t>(type), std::move(dims),
                    random_weights(type, n, ++seed));
  }
  uint32_t multiply(uint32_t x, int64_t n_in, int64_t n_out, quant::Type type) {
    const uint32_t y = temp({T, n_out});
    c.node(INFER_OP_MATMUL, {x, matrix({n_out, n_in}, type)}, {y});
    return y;
  }
  uint32_t multiply_experts(uint32_t x, uint32_t ids, int64_t n_in, int64_t n_out) {
    const uint32_t y = temp({T, kChosen, n_out});
    c.node(INFER_OP_MATMUL_EXPERTS, {x, matrix({kExperts, n_out, n_in}, s.type), ids}, {y});
    return y;
  }
  uint32_t glu(uint32_t gate, uint32_t up, uint32_t y) {
    c.node(INFER_OP_GLU, {gate, up}, {y}, {INFER_ACT_SILU});
    return y;
  }

  uint32_t dense(uint32_t x) {
    const uint32_t gate = multiply(x, s.columns, s.hidden, s.type), up = multiply(x, s.columns, s.hidden, s.type);
    return multiply(glu(gate, up, temp({T, s.hidden})), s.hidden, s.columns, s.type);
  }
  uint32_t experts(uint32_t x) {
    const uint32_t logits = multiply(x, s.columns, kExperts, quant::Type::kF32);
    const uint32_t ids = temp({T, kChosen}, INFER_TYPE_I32), weights = temp({T, kChosen});
    c.node(INFER_OP_ROUTE, {logits}, {ids, weights}, {kChosen, 1}, {1});
    const uint32_t gate = multiply_experts(x, ids, s.columns, s.hidden),
                   up = multiply_experts(x, ids, s.columns, s.hidden);
    const uint32_t y = multiply_experts(glu(gate, up, temp({T, kChosen, s.hidden})), ids, s.hidden, s.columns);
    const uint32_t sum = temp({T, s.columns});
    c.node(INFER_OP_EXPERT_SUM, {y, weights, ids}, {sum});
    return sum;
  }
};

}  // namespace

std::string LayerShape::text() const {
  return str("layer ", quant::info(type).name, experts ? " experts" : "", " D=", columns, " F=", hidden);
}

Case layer_case(const LayerShape& s, int64_t most, int64_t first, int64_t n) {
  Case c;
  c.name = str(s.text(), " T=", n);
  c.tolerance = plain(s.type) ? 1e-9 : 5e-4;
  c.symbol_max = {most};
  const uint32_t x = c.input("x", INFER_TYPE_F32, {T, s.columns});
  Layer layer{c, s};
  const uint32_t norm = layer.temp({T, s.columns});
  // A norm weight of about 1 / sqrt(columns): products of about the size of a weight, whatever the width is.
  std::vector<float> w = random_floats(s.columns, 3);
  for (float& v : w) v = (2 + v) / static_cast<float>(std::sqrt(static_cast<double>(s.columns)));
  c.node(INFER_OP_RMS_NORM, {x, c.weight("norm", INFER_TYPE_F32, {s.columns}, bytes_of(w))}, {norm}, {}, {1e-5});
  const uint32_t y = s.experts ? layer.experts(norm) : layer.dense(norm);
  c.node(INFER_OP_ADD, {x, y}, {c.output("out", INFER_TYPE_F32, {T, s.columns})});
  const std::vector<float> all = random_floats(most * s.columns, 7);
  c.runs = {
      {{n},
       {{x, bytes_of(std::vector<float>(all.begin() + first * s.columns, all.begin() + (first + n) * s.columns))}}}};
  return c;
}

std::vector<LayerShape> layer_shapes() {
  std::vector<LayerShape> all;
  for (quant::Type t : weight_types()) {
    const int64_t block = quant::info(t).block_elems;
    for (bool experts : {false, true})
      all.push_back({t,
                     block == 1    ? 44
                     : block < 256 ? block * 3
                                   : block,
                     block == 1    ? 70
                     : block < 256 ? block * 5
                                   : block,
                     experts});
  }
  return all;
}

std::vector<Case> layer_cases() {
  std::vector<Case> all;
  for (const LayerShape& s : layer_shapes())
    for (int64_t n : {1, 3, 9, 40}) all.push_back(layer_case(s, 40, 0, n));
  return all;
}

}  // namespace infer::conformance
