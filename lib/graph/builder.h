// Builds a Program node by node and checks shapes as it goes. The first mistake is kept and returned by finish(); later
// calls are harmless, so a model's page reads without error handling on every line.
#pragma once
#include "graph/program.h"

namespace infer::graph {

struct Rope {
  int64_t head_dim = 0, n_rot = 0;
  bool split_halves = false;  // style 1 (neox) instead of adjacent pairs (llama)
  double base = 10000, freq_scale = 1, ext_factor = 0, attn_factor = 1, corr_low = 0,
         corr_high = 0;  // see INFER_OP_ROPE
  TensorId factors = kNone;
};

struct Attention {
  int64_t n_heads = 0, n_kv_heads = 0, head_dim = 0, head_dim_v = 0, page = 0, window = 0;
  double scale = 0, softcap = 0;
  TensorId sinks = kNone;
};

class Builder {
 public:
  // Leaves. dims: > 0, or sym(...).
  TensorId weight(std::string name, uint32_t type, std::vector<int64_t> dims);
  TensorId state(std::string name, uint32_t type, std::vector<int64_t> dims);
  // The arrays of the Step, made on first use.
  TensorId tokens();        // [T] i32
  TensorId positions();     // [T] i32
  TensorId rows();          // [R] i32
  TensorId adapters();      // [T] i32: slot of each row's adapter
  TensorId row_adapters();  // [R] i32: of the rows that are wanted
  // What the host writes between runs, and seldom: it is no array of the Step.
  TensorId input(std::string name, uint32_t type, std::vector<int64_t> dims);

  // Operators: see backend.h for the maths.
  TensorId embed(TensorId table, TensorId ids);
  TensorId rms_norm(TensorId x, TensorId weight, double eps);
  TensorId matmul(TensorId x, TensorId w, TensorId bias = kNone);
  TensorId rope(TensorId x, const Rope& r);
  void kv_write(TensorId k, TensorId v, TensorId k_state, TensorId v_state, const Attention& a);
  TensorId attention(TensorId q, TensorId k_state, TensorId v_state, const Attention& a);
  TensorId add(TensorId a, TensorId b);
  TensorId mul(TensorId a, TensorId b);
  TensorId scale(TensorId x, double by);
  TensorId act(TensorId x, infer_act kind);
  TensorId glu(TensorId gate, TensorId up, infer_act kind);
  TensorId gather(TensorId x, TensorId rows);
  struct Routed {
    TensorId ids, weights;
  };
  Routed route(TensorId logits, int64_t k, int64_t mode, double scale);
  TensorId matmul_experts(TensorId x, TensorId w, TensorId ids, TensorId bias = kNone);
  TensorId expert_sum(TensorId y, const Routed& routed);
  TensorId adapt(TensorId y, TensorId x, TensorId down, TensorId up, TensorId slots, TensorId ranks);

  // `logits` [R, n_vocab] becomes the output, `hidden` [R, n_embd] another one.
  Result<Program> finish(TensorId logits, TensorId hidden = kNone);

  // Nodes from here on belong to this layer; -1: to none.
  void enter_layer(int64_t layer) { layer_ = layer; }

 private:
  TensorId add_tensor(std::string name, uint32_t type, uint32_t role, std::vector<int64_t> dims);
  TensorId step_input(TensorId StepTensors::*slot, const char* name, std::vector<int64_t> dims);
  TensorId q_start();      // [S + 1] i32
  TensorId kv_len();       // [S] i32
  TensorId block_table();  // [S, B] i32
  TensorId node(uint32_t kind, std::vector<TensorId> in, std::vector<int64_t> i = {}, std::vector<double> f = {});
  bool expect(bool good, std::string_view op, std::string_view what);

  Program p_;
  int64_t layer_ = -1;
  Status error_;
};

}  // namespace infer::graph
