// Low-rank adapters (LoRA; Hu et al., arXiv 2106.09685): from a GGUF adapter file to what a model's banks hold.
//
// The file is one that llama.cpp's converter writes: general.type "adapter", adapter.type "lora", and for each adapted
// weight W [N, K] the tensors W.lora_a [r, K] and W.lora_b [N, r], any type. W x becomes W x + alpha / r * B (A x).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "formats/model_file.h"
#include "models/model.h"

namespace infer::models {

struct Adapter {
  // One weight's: the first `rank` rows of a slot of its bank's `down`, and a slot of its `up`.
  struct Part {
    size_t bank;  // of Model.banks
    int32_t rank;
    std::vector<std::byte> down,
        up;  // [rank, n_in], [n_out, most]: elements of the bank's type; up has zeros behind rank
  };
  std::vector<Part> parts;
};

// scale: factor on all of it, folded into B. E_CORRUPT: not a sound file. E_UNSUPPORTED: of another architecture, or
// adapts what has no bank (embeddings, output, experts), or has more dimensions than the banks.
Result<Adapter> read_adapter(const formats::ModelFile& file, const formats::ModelFile& model_file, const Model& model,
                             double scale);

}  // namespace infer::models
