// Models made at test time from a seed: one layer, 256 wide, every matrix in one block type. Super-block types need
// rows of 256, which no model small enough to commit has.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "formats/model_file.h"

namespace infer::testing {

struct BlockModel {
  quant::Type type;      // of all matrices but the router's, which is f32 as converters write it
  bool experts = false;  // 4 experts, 2 used, in place of the dense part
  uint64_t seed = 1;
};

// The bytes of the GGUF file. `vocabulary` is any model of 288 tokens whose tokenizer.* keys are copied (may be null:
// none). Norm weights follow from the decoded matrices so that activations, scores and logits have the sizes of a real
// model.
Result<std::vector<std::byte>> block_model_bytes(const BlockModel& m, const formats::ModelFile* vocabulary = nullptr);
// Opened from memory that lives as long as the result.
Result<std::shared_ptr<const formats::ModelFile>> make_block_model(const BlockModel& m);
// The same model with every tensor decoded to f32 by quant::decode_row; the values of the embedding multiplied by
// numbers within 1 - noise .. 1 + noise.
Result<std::shared_ptr<const formats::ModelFile>> decode_to_f32(const formats::ModelFile& file, float noise = 0);

}  // namespace infer::testing
