// Which block type each matrix of a model file has, as the files that people download are made.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "quant/types.h"

namespace infer::synth {

// A plain type ("q8_0") is used for every matrix; output matrices below 6 bits become Q6_K. The mixes q3_k_m, q4_k_m
// and q5_k_m give V and the second feed-forward matrix more bits in some layers.
class Recipe {
 public:
  static std::optional<Recipe> of(std::string_view name);  // nullopt: no such type or mix
  static std::string names();                              // for a message: "q4_0, q4_1, ..."

  enum class Use { kEmbedding, kOutput, kValue, kDown, kOther };
  // Rows of n values; a type whose blocks do not divide n is replaced by the next larger one of 32-value blocks.
  quant::Type type(Use use, int64_t layer, int64_t n_layers, int64_t n) const;

 private:
  enum class Mix { kNone, kQ3, kQ4, kQ5 };
  Recipe(Mix mix, quant::Type base) : mix_(mix), base_(base) {}
  quant::Type wanted(Use use, int64_t layer, int64_t n_layers) const;
  Mix mix_;
  quant::Type base_;
};

}  // namespace infer::synth
