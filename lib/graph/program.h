// A compiled model's plan on paper: flat tensors and nodes in the form that backend.h hands to plugins, with their
// owner.
//
// A Program is built once per model by models/ through a Builder (builder.h), which checks every shape. Dimensions that
// differ from run to run are symbols.
#pragma once
#include <libinfer/backend.h>

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace infer::graph {

using TensorId = uint32_t;
inline constexpr TensorId kNone = INFER_NONE;

// Symbols, in the order of infer_program.symbol_max.
enum Symbol : uint32_t {
  kTokens = 0,
  kSeqs = 1,
  kSeqsPlus1 = 2,
  kRows = 3,
  kTableCols = 4,
  kPages = 5,
  kSymbolCount = 6
};
inline constexpr int64_t sym(Symbol s) { return INFER_SYMBOL(s); }
using Symbols = std::array<int64_t, kSymbolCount>;  // values, or maxima

// Which tensors of a program the Step's arrays are (kNone: the program does not use it).
struct StepTensors {
  TensorId tokens = kNone, positions = kNone, q_start = kNone, kv_len = kNone, block_table = kNone, rows = kNone,
           adapters = kNone, row_adapters = kNone;  // inputs
  TensorId logits = kNone;                          // output [R, n_vocab]
  TensorId hidden = kNone;                          // output [R, n_embd]: what the logits are a product of
};

class Program {
 public:
  struct Node {
    uint32_t kind;
    std::vector<TensorId> in, out;
    std::vector<int64_t> i;
    std::vector<double> f;
    int64_t layer = -1;  // which of the model's layers it belongs to; -1: none
  };
  const infer_tensor& tensor(TensorId t) const { return tensors_[t]; }
  std::span<const infer_tensor> tensors() const { return tensors_; }
  std::span<const Node> nodes() const { return nodes_; }
  const StepTensors& step() const { return step_; }

  Program() = default;
  Program(Program&&) = default;  // moves keep the names' addresses; copies would not
  Program& operator=(Program&&) = default;

  // Bytes of a tensor once symbols have these values; UINT64_MAX when that overflows.
  uint64_t bytes(TensorId t, const Symbols& values) const;

 private:
  friend class Builder;
  friend class View;
  std::vector<infer_tensor> tensors_;
  std::vector<Node> nodes_;
  std::deque<std::string> names_;  // stable addresses for infer_tensor.name
  StepTensors step_;
};

// A Program (or a contiguous run of its nodes) as the C struct; borrows from the Program. Tensor indices stay those of
// the Program. roles: replaces tensors' roles where a split made a temp an input or output (empty: as in the Program).
class View {
 public:
  View(const Program& p, const Symbols& maxima, size_t first_node = 0, size_t n_nodes = SIZE_MAX,
       std::span<const uint32_t> roles = {});
  const infer_program* c() const { return &c_; }
  // To declare things otherwise than the Program does.
  infer_tensor& tensor(TensorId t) { return tensors_[t]; }
  TensorId add(const infer_tensor& t);
  void replace_input(size_t op, size_t i, TensorId t);

 private:
  Symbols maxima_;
  std::vector<infer_tensor> tensors_;
  std::vector<infer_op> ops_;
  std::deque<std::vector<TensorId>> inputs_;  // of ops that have others than in the Program
  infer_program c_{};
};

}  // namespace infer::graph
