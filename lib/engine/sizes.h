// How large an engine is: decided once, from options, model and free memory, before anything is allocated.
#pragma once
#include <cstdint>
#include <string>

#include "base/status.h"

namespace infer::engine {

struct EngineOptions {
  int64_t context = 0;    // most positions of one request; 0: as trained, at most 4096
  int64_t kv_tokens = 0;  // positions over all requests; 0: decided here
  int64_t page = 32;      // positions per KV page
  int64_t memory = 0;     // bytes; 0: what is free
  int64_t weights = 0;    // bytes of them that stay in memory; 0: as many as fit (weights_beside())
  int64_t contexts = 0;   // that the KV cache holds where kv_tokens is not said; 0: one for each of batch_requests
  int64_t batch_tokens = 512, batch_requests = 8, queue = 1024;
  uint32_t kv_type = 1;  // element type of backend.h: f16
  bool kv_host = false;  // pages are in the host's memory
  int64_t adapter_slots = 0, adapter_rank = 64;
  uint32_t adapter_type = 1;
  std::string policy = "priority";
  int64_t aging_ms = 10000;
  int64_t step_ms = 150;
  int64_t trace_steps = 0;
  int64_t swap_bytes = 0;  // for pages of preempted requests; 0: none are put aside
  std::string swap_path;   // folder; empty: in memory
};

// What the model contributes.
struct ModelSizes {
  int64_t n_vocab = 0, n_ctx_train = 0, n_embd = 0;
  int64_t page_bytes = 0;            // KV of one page over all layers, and what is remembered of it
  const char* smaller_kv = nullptr;  // value of kv.type that needs less; null: there is none
  int64_t workspace_bytes = 0;       // what the compiled program needs beside pages and logits
  bool workspace_known = true;       // false: it needs more than that, how much is not known yet
};

struct Sizes {
  int32_t context, page, n_pages, table_cols;  // table_cols: pages of one full context
  int32_t tokens, sequences, rows;             // of one step
  int32_t queue;
  int64_t kv_bytes, logits_bytes, workspace_bytes;
  int64_t bytes() const { return kv_bytes + logits_bytes + workspace_bytes; }  // all that the engine allocates, about
};

// Default and limits of the context: options.context, else min(n_ctx_train, 4096).
Result<int64_t> decide_context(const EngineOptions& options, int64_t n_ctx_train);

// free_bytes: what the device has left; 0: not known. "A context larger than memory" is E_NO_MEMORY with numbers and
// what to change.
Result<Sizes> decide_sizes(const EngineOptions& options, const ModelSizes& model, int64_t free_bytes);

// Bytes of a model's weights that stay in memory beside what decide_sizes() took of the host's free_bytes, as
// EngineOptions::weights; 0: all of them. A mapped file that is larger than what is free would be read anew for every
// step, all of it: the system drops first what was read first.
int64_t weights_beside(const Sizes& sizes, int64_t weight_bytes, int64_t free_bytes);

}  // namespace infer::engine
