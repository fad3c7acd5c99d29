// From a ModelFile to a Program. One small file per family; registry.cc holds the table of families.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/model_file.h"
#include "graph/program.h"

namespace infer::models {

// What every decoder-only family has. Validated: counts within written limits, heads divisible, sizes equal to the
// tensors'.
struct Hyper {
  int64_t n_vocab = 0, n_ctx_train = 0, n_embd = 0, n_layer = 0, n_head = 0, n_head_kv = 0, head_dim = 0,
          head_dim_v = 0, n_ff = 0;
  int64_t n_expert = 0, n_expert_used = 0;
  int64_t n_parameters = 0;  // elements of all tensors
  int64_t weight_bytes = 0;  // bytes of all tensors
};

struct BuildOptions {
  uint32_t kv_type = INFER_TYPE_F16;  // see graph::is_kv_type
  int64_t page = 32;                  // tokens per KV page
  int64_t n_ctx = 0;                  // context the engine will use; rope scaling may depend on it. 0: as trained
  // Low-rank adapters that may be loaded at a time, the most dimensions of one, and how they are stored.
  int64_t adapter_slots = 0, adapter_rank = 64;  // 0 slots: the program knows nothing of adapters
  uint32_t adapter_type = INFER_TYPE_F16;        // see graph::is_bank_type
};

// Paged KV of one layer. (Other state groups - fixed slots, windows, cross-attention - get their own lists later.)
struct KvLayer {
  graph::TensorId k, v;  // states [P, page, n_head_kv, head_dim(_v)]
  int64_t window = 0;    // tokens; 0: all
};

// Where adapters of one weight go: what is added to its product, for each slot (INFER_OP_ADAPT).
struct Bank {
  std::string weight;                                      // "blk.0.attn_q.weight"
  int64_t n_in = 0, n_out = 0;                             // of its product
  graph::TensorId down = graph::kNone, up = graph::kNone;  // inputs [slots, rank, n_in], [slots, n_out, rank]
  graph::TensorId ranks =
      graph::kNone;  // input [slots] i32: dimensions of each slot's adapter; 0: none for this weight
};

struct Model {
  Hyper hyper;
  graph::Program program;
  std::vector<KvLayer> kv;    // [n_layer]
  int64_t kv_page_bytes = 0;  // bytes of one page over all layers, K and V
  struct Weight {
    graph::TensorId tensor;
    std::span<const std::byte> data;  // in the mapped file
  };
  std::vector<Weight> weights;
  std::vector<Bank> banks;  // in the order of the program; none unless the options ask for slots
};

// Unknown architecture: E_UNSUPPORTED naming it and listing the known ones. Bad hyper-parameters: E_CORRUPT naming key,
// value and limit.
Result<Hyper> read_hyper(const formats::ModelFile& file);
Result<Model> build(const formats::ModelFile& file, const BuildOptions& options);
std::vector<std::string_view> known_architectures();

}  // namespace infer::models
