// A model file of any shape and block type whose weights are random: for measuring speed and memory where no weights
// are at hand. Its answers mean nothing.
#pragma once
#include <cstdint>
#include <string>

#include "base/status.h"
#include "recipe.h"
#include "shapes.h"

namespace infer::synth {

struct Plan {
  Shape shape;
  Recipe recipe;
  int64_t context;        // what the file says the model was trained for
  std::string tokenizer;  // a GGUF file whose tokenizer and chat template are copied; its size is the vocabulary's
  uint64_t seed;
};

struct Written {
  int64_t bytes = 0, parameters = 0;
};

// Holds one copy of each tensor shape in memory while writing: layers of one shape share their bytes.
Result<Written> write_model(const Plan& plan, const std::string& path);

}  // namespace infer::synth
