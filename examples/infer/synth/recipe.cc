#include "recipe.h"

namespace infer::synth {

using quant::Type;

std::optional<Recipe> Recipe::of(std::string_view name) {
  if (name == "q3_k_m") return Recipe(Mix::kQ3, Type::kQ3_K);
  if (name == "q4_k_m") return Recipe(Mix::kQ4, Type::kQ4_K);
  if (name == "q5_k_m") return Recipe(Mix::kQ5, Type::kQ5_K);
  const quant::TypeInfo* info = quant::find_type(name);
  if (!info || info->type == Type::kI32) return std::nullopt;
  return Recipe(Mix::kNone, info->type);
}

std::string Recipe::names() {
  std::string all = "q3_k_m, q4_k_m, q5_k_m";
  for (const quant::TypeInfo& t : quant::all_types())
    if (t.type != Type::kI32) all += std::string(", ") + t.name;
  return all;
}

// The first and last eighth of the layers and every third between them.
static bool more_bits(int64_t layer, int64_t n_layers) {
  const int64_t eighth = n_layers / 8;
  return layer < eighth || layer >= 7 * n_layers / 8 || (layer - eighth) % 3 == 2;
}

Type Recipe::wanted(Use use, int64_t layer, int64_t n_layers) const {
  const double bits = 8.0 * quant::info(base_).block_bytes / quant::info(base_).block_elems;
  if (use == Use::kOutput) return bits < 6.5 ? Type::kQ6_K : base_;
  if (use != Use::kValue && use != Use::kDown) return base_;
  switch (mix_) {
    case Mix::kQ3:
      if (layer < (use == Use::kValue ? 2 : n_layers / 16)) return Type::kQ5_K;
      return use == Use::kValue || more_bits(layer, n_layers) ? Type::kQ4_K : base_;
    case Mix::kQ4:
    case Mix::kQ5:
      return more_bits(layer, n_layers) ? Type::kQ6_K : base_;
    default:
      return base_;
  }
}

Type Recipe::type(Use use, int64_t layer, int64_t n_layers, int64_t n) const {
  const Type t = wanted(use, layer, n_layers);
  const quant::TypeInfo& info = quant::info(t);
  if (n % info.block_elems == 0) return t;
  if (n % 32 != 0) return Type::kF16;
  const double bits = 8.0 * info.block_bytes / info.block_elems;
  return bits < 4.4 ? Type::kIQ4_NL : bits < 5 ? Type::kQ5_0 : bits < 6 ? Type::kQ5_1 : Type::kQ8_0;
}

}  // namespace infer::synth
