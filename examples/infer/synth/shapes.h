// The sizes of published models.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace infer::synth {

struct Shape {
  const char* name;
  const char* family;                 // general.architecture
  int64_t layers, embd, ff;           // ff: of a dense layer
  int64_t heads, heads_kv, head_dim;  //
  bool tied;                          // the output matrix is the embedding table
  float rope_base;                    //
  int64_t experts = 0, used = 0, ff_expert = 0;
};

std::span<const Shape> shapes();
const Shape* find_shape(std::string_view name);  // null: unknown

}  // namespace infer::synth
