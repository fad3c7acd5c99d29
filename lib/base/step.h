// The Step: the only thing that crosses from scheduling to computing. Flat arrays; can be logged, replayed, compared.
//
// The rows of one sequence are contiguous and in order: sequence s owns rows q_start[s] .. q_start[s+1]-1, which are
// its positions kv_len[s] - n_rows .. kv_len[s] - 1. Position p of sequence s lives in page block_table[s][p /
// page_size] at slot p % page_size. KV of a row is written before attention reads it, so a row sees itself and its
// predecessors.
#pragma once
#include <cstdint>
#include <vector>

namespace infer {

struct Step {
  std::vector<int32_t> tokens;       // [T] token ids
  std::vector<int32_t> positions;    // [T] rotary positions (one axis; several axes would be [axes, T])
  std::vector<int32_t> q_start;      // [S + 1] first row of each sequence; q_start[S] == T
  std::vector<int32_t> kv_len;       // [S] tokens in cache after this step, this step's rows included
  std::vector<int32_t> block_table;  // [S, table_cols] page ids; unused entries are 0
  int32_t table_cols = 0;            // B
  std::vector<int32_t> rows;         // [R] rows whose output is wanted, ascending
  std::vector<int32_t> adapters;     // [T] slot of each row's adapter, -1: none; empty: no row has one

  // Seams, empty when absent (later issues fill them):
  std::vector<float> embeddings;     // [T, n_embd] input rows instead of ids (images, audio)
  std::vector<int32_t> parents;      // [T] attention-tree parents (speculation)
  std::vector<int32_t> row_kind;     // [R] 0 logits, 1 hidden, 2 pooled
  std::vector<int32_t> state_slots;  // [S] slot per sequence of fixed-size state groups (recurrent models)

  int32_t n_tokens() const { return static_cast<int32_t>(tokens.size()); }
  int32_t n_seqs() const { return static_cast<int32_t>(kv_len.size()); }
  int32_t n_rows() const { return static_cast<int32_t>(rows.size()); }

  // Empties the arrays and keeps their capacity: a step allocates nothing once the engine is warm.
  void clear() {
    for (auto* v :
         {&tokens, &positions, &q_start, &kv_len, &block_table, &rows, &parents, &row_kind, &adapters, &state_slots})
      v->clear();
    embeddings.clear();
    table_cols = 0;
  }
};

}  // namespace infer
